//go:build mutations

package mutation

func init() { mutants = append(mutants, following...) }

const follows = "internal/projection/"

// following are the rules by which a replica follows, and says that it cannot.
var following = []mutant{
	{"another nonce is another history", follows + "run.go", `if news.Gap == nil && news.Was != p.st.nonce {`, `if false {`, false},
	{"a new epoch is loaded anew", follows + "run.go", `if p.st == nil || status.Epoch != p.status.Epoch {`, `if p.st == nil {`, false},
	{"nobody is ready before a worker has caught up", follows + "projection.go", `case !p.confirmed:`, `case false:`, false},
	{"a database that fell behind is not answered from", follows + "projection.go", `case p.regressed != nil:`, `case false:`, false},
	{"who cannot follow is not ready", follows + "projection.go", `case p.behindFeed:`, `case false:`, false},
	{"nobody answers for longer than may be", follows + "projection.go", `case p.opts.MaxStale > 0 && time.Since(p.asOf) > p.opts.MaxStale:`, `case false:`, false},
	{"an older database is noticed by its version", follows + "keep.go", `if now.version < version {`, `if false {`, false},
	{"an older database is noticed by its nonce", follows + "keep.go", `return news.Was != nonce, nil`, `return false, nil`, false},
	{"a new epoch ends a regression", follows + "keep.go", `return s.Epoch != r.epoch || `, `return `, false},
	{"a log read again ends a regression", follows + "keep.go", ` || s.knownUntil() > r.known+healed`, ``, false},
	{"a snapshot of two epochs is not kept", follows + "keep.go", `after.Epoch != status.Epoch {`, `after.Epoch < status.Epoch-1000 {`, false},
	{"an unconfirmed state is not kept", follows + "keep.go", `err != nil || !status.Confirmed {`, `err != nil {`, false},
	{"an old snapshot is not used", follows + "keep.go", `case p.opts.MaxStale > 0 && age > p.opts.MaxStale:`, `case false:`, false},
	{"a snapshot of the future is not used", follows + "keep.go", `case age < -fromAhead:`, `case false:`, false},
	{"a snapshot of another epoch is not used", follows + "keep.go", `if p.seenEpoch != 0 && p.seenEpoch != p.keptHeader.Status.Epoch {`, `if false {`, false},
	{"what a snapshot from disk says is not kept again", follows + "keep.go", `due := ready && !p.fromDisk && `, `due := ready && `, false},
	{"a token's owner may change", follows + "state.go", "\tst.dropToken(p) // its owner may have been another\n", ``, false},
	{"made-up ids are no load", follows + "keys.go", `if !p.limit.Allow() {`, `if false {`, false},
	{"a usable token is better", follows + "tokens.go", `return v.State < w.State // usable`, `return v.State > w.State // usable`, false},
	{"a verified token is better", follows + "tokens.go", "\t\treturn t.Verified\n", "\t\treturn o.Verified\n", false},
	{"a change of a realm ends what is remembered in it", follows + "remembered.go", "\t\te.next()\n\t}\n\tif s.Session", "\t\t_ = many\n\t}\n\tif s.Session", false},
	{"a fact about a session makes its tokens forget", follows + "remembered.go", "\t\t\tt.known.forget()\n\t\t}\n\t}\n\tif h", "\t\t}\n\t}\n\tif h", false},
	{"a fact about a user makes the owner forget", follows + "remembered.go", "\t\th.known.forget()\n", ``, false},
	{"a fact about a user has their keys looked at again", follows + "remembered.go", "\t\th.uncut.Store(false)\n", ``, false},
	{"and tokens that only name the user", follows + "remembered.go", "\t\tst.heldAt(place).known.forget()\n", "\t\t_ = place\n", false},
	{"a token of a client that may be called otherwise is not remembered", follows + "remembered.go", ` || t.Client == "" {`, ` {`, false},
	{"other rules are another generation", follows + "run.go", "\t\tp.st.forgetAll()\n", ``, false},
	{"time makes users due", follows + "due.go", "\tp.ask(now, m.watch.ripe(now))\n", ``, false},
	{"who was not seen for a sweep period is asked about again", core + "dueagain.go", "\t\tlater(f.checkedAt(t, r) + r.Sweep)\n", ``, false},
	{"a change beneath a realm concerns everybody", core + "everybody.go", `return r.ID.Doubt.Beneath && r.ID.Doubt.Scope.wide()`, `return false`, false},
	{"a realm that is found closed concerns everybody", core + "everybody.go", `return r.Subject.Scope.wide() && f.news(r)`, `return false`, false},
	{"a look that does not list an event may leave it open", core + "reaches.go", `!r.Value.lists(raised.Event) && `, `r.Value.lists("?") && `, false},
}
