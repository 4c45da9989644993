//go:build mutations

package mutation

func init() { mutants = append(mutants, working...) }

const works = "internal/worker/"

// working are the rules of reading the log, of relaying and of looking.
var working = []mutant{
	{"readers are told only when the whole log is applied", works + "worker.go", `if seq < s.info.Last {`, `if false {`, false},
	{"a gap in the log is a loss", works + "worker.go", `errors.AsType[*journal.GapError](err); ok {`, `errors.AsType[*journal.GapError](err); ok && gap == nil {`, false},
	{"a standby waits until the floor stands still", works + "worker.go", `if err == nil && floor.Same(last) {`, `if err == nil || floor.Same(last) {`, false},
	{"a log that ends before the floor was cut", works + "check.go", `case i.Last < f.Seq:`, `case false:`, false},
	{"a log that begins after the floor has lost messages", works + "check.go", `case i.First > f.Seq+1:`, `case false:`, false},
	{"another message at the floor is another log", works + "check.go", `case digest(raw) != f.Digest:`, `case digest(raw) == f.Stream:`, false},
	{"a log that was made anew is another log", works + "check.go", `case f.Stream != i.Name || !f.Created.Truncate(time.Microsecond).Equal(i.Created):`, `case f.Stream != i.Name:`, false},
	{"a log that does not begin at its first message has lost some", works + "check.go", `case f.Seq == 0 && i.First > 1:`, `case false:`, false},
	{"after a loss the log is read from its first message", works + "check.go", `s.after = max(info.First, 1) - 1`, `s.after = floor.Seq`, false},
	{"a gap is passed over once it is reported", works + "check.go", `s.after = w.gap.Got - 1`, `s.after = w.gap.Want - 1`, false},
	{"a mark beyond the floor proves a restored database", works + "batch.go", `known && body.Floor > s.floor.Seq`, `known && false`, false},
	{"a mark of a rival that is ahead proves nothing", works + "batch.go", `known := e.Seq <= s.info.Last && `, `known := `, false},
	{"a mark proves nothing after a loss of the log", works + "batch.go", ` && s.loss == nil && !s.told`, ` && !s.told`, false},
	{"a restore is told once", works + "batch.go", ` && !s.told && `, ` && `, false},
	{"marks are the worker's", works + "batch.go", ` && m.Source == events.Worker`, ``, false},
	{"an erasure reaches the store", works + "batch.go", `if body.Order == events.OrderErase {`, `if false {`, false},
	{"a commit whose answer was lost is found by the floor", works + "apply.go", `ferr == nil && floor.Same(b.To) {`, `ferr == nil && floor.Same(b.To) && false {`, false},
	{"a message that cannot be stored is parked", works + "apply.go", `if errors.Is(err, journal.ErrContent) && len(b.entries) > 0 {`, `if false {`, false},
	{"a restored database begins a new epoch", works + "apply.go", "\tif b.restored {", "\tif false {", false},
	{"a stop lets the batch in flight finish", works + "apply.go", `context.WithCancel(context.WithoutCancel(ctx))`, `context.WithCancel(ctx)`, false},
	{"authapi's orders only are relayed", works + "relay.go", ` && m.Source == events.Authapi`, ``, false},
	{"orders only are relayed", works + "relay.go", `m.Body.Class() == events.ClassOrder && `, ``, false},
	{"a row is relayed under its own id", works + "relay.go", ` && m.ID == row.ID`, ``, false},
	{"orders keep their order", works + "relay.go", "\t\t\tbreak\n", "\t\t\tcontinue\n", false},
	{"a Keycloak that is away ends the round", works + "look.go", "\tif errors.Is(err, ErrAway) {\n\t\treturn err\n", "\tif errors.Is(err, ErrAway) {\n\t\treturn nil\n", false},
	{"looks back off", works + "turn.go", "t.pause = min(2*t.pause, maxLookWait)\n", "\n", false},
	{"news of a subject in doubt are looked at soon", works + "turn.go", `if w.Told <= t.told {`, `if true {`, false},
	{"news cost no more looks than their tokens allow", works + "turn.go", `if t.news.AllowN(now, 1+w.Tokens) {`, `if true {`, false},
	{"a walk that broke off suspects nobody", works + "owners.go", "\tif err != nil {\n\t\treturn 0, err\n\t}\n\tfor user", "\t_ = err\n\tfor user", false},
	{"users of a store are in no page", works + "owners.go", `if strings.HasPrefix(user, "f:") {`, `if strings.HasPrefix(user, "F:") {`, false},
	{"a walk jumps only where ids sort alike", works + "owners.go", `o.jump = o.jump && uuidForm.MatchString(user)`, `_ = uuidForm`, false},
	{"who was found is not suspected", works + "owners.go", `delete(o.users, u.User)`, `_ = u`, false},
	{"a page's strangers are left out", works + "shown.go", `if p.Known.Holds(realm, s.User) {`, `if s.User != "" {`, false},
	{"a look clears a suspect", works + "suspects.go", "\tdelete(l.suspects, s)\n", ``, false},
	{"suspects are urgent", works + "suspects.go", `if w.Urgent = w.Urgent || l.suspects[w.Scope]; w.Urgent {`, `if w.Urgent {`, false},
}
