//go:build mutations

package mutation

func init() { mutants = append(mutants, following...) }

const follows = "internal/projection/"

// following are the rules by which a replica follows, and says that it cannot.
var following = []mutant{
	{"another nonce is another history", follows + "run.go", ` && vs[0].Nonce == p.st.nonce`, ``, false},
	{"a missing version is no history", follows + "run.go", `if v.Version != p.st.version+int64(i) {`, `if v.Version < -int64(i) {`, false},
	{"a new epoch is loaded anew", follows + "run.go", `if p.st == nil || status.Epoch != p.status.Epoch {`, `if p.st == nil {`, false},
	{"nobody is ready before a worker has caught up", follows + "projection.go", `case !p.confirmed:`, `case false:`, false},
	{"a database that fell behind is not answered from", follows + "projection.go", `case p.regressed != nil:`, `case false:`, false},
	{"who cannot follow is not ready", follows + "projection.go", `case p.behindFeed:`, `case false:`, false},
	{"nobody answers for longer than may be", follows + "projection.go", `case p.opts.MaxStale > 0 && time.Since(p.asOf) > p.opts.MaxStale:`, `case false:`, false},
	{"an older database is noticed by its version", follows + "keep.go", `if now.Version < version {`, `if false {`, false},
	{"an older database is noticed by its nonce", follows + "keep.go", `(len(vs) == 0 || vs[0].Nonce != nonce)`, `len(vs) == 0`, false},
	{"a new epoch ends a regression", follows + "keep.go", `return s.Epoch != r.epoch || `, `return `, false},
	{"a log read again ends a regression", follows + "keep.go", ` || s.knownUntil() > r.known+healed`, ``, false},
	{"a snapshot of two epochs is not kept", follows + "keep.go", `after.Epoch != status.Epoch {`, `after.Epoch < status.Epoch-1000 {`, false},
	{"an unconfirmed state is not kept", follows + "keep.go", `err != nil || !status.Confirmed || `, `err != nil || `, false},
	{"an old snapshot is not used", follows + "keep.go", `case p.opts.MaxStale > 0 && age > p.opts.MaxStale:`, `case false:`, false},
	{"a snapshot of the future is not used", follows + "keep.go", `case age < -fromAhead:`, `case false:`, false},
	{"a snapshot of another epoch is not used", follows + "keep.go", `if p.seenEpoch != 0 && p.seenEpoch != p.keptHeader.Status.Epoch {`, `if false {`, false},
	{"what a snapshot from disk says is not kept again", follows + "keep.go", `due := ready && !p.fromDisk && `, `due := ready && `, false},
	{"a token's owner may change", follows + "state.go", "\tst.dropToken(p) // its owner may have been another\n", ``, false},
	{"made-up ids are no load", follows + "keys.go", `if !p.limit.Allow() {`, `if false {`, false},
	{"a usable token is better", follows + "tokens.go", `return v.State < w.State // usable`, `return v.State > w.State // usable`, false},
	{"a verified token is better", follows + "tokens.go", "\t\treturn t.Verified\n", "\t\treturn o.Verified\n", false},
}
