//go:build mutations

package mutation

func init() { mutants = append(mutants, recovering...) }

const recovers = "internal/recovery/"

// recovering are the rules of replaying, comparing and repairing.
var recovering = []mutant{
	{"the journal's copy is the one that is learnt", recovers + "replay.go", `case kept.Received != line.Received || !bytes.Equal(kept.Raw, line.Raw):`, `case false && bytes.Equal(kept.Raw, line.Raw):`, false},
	{"one message is one line", recovers + "replay.go", `_, twice := r.fresh[line.ID]; twice {`, `_, twice := r.fresh[line.ID]; twice && false {`, false},
	{"an interrupted replay goes on", recovers + "replay.go", `if item.Position > r.result.From {`, `if true {`, false},
	{"a dry run writes nothing", recovers + "replay.go", `if r.o.DryRun || r.unsaved == 0`, `if r.unsaved == 0`, false},
	{"a replay erases", recovers + "replay.go", `ok && o.Order == events.OrderErase {`, `ok && false {`, false},
	{"a file's checksum counts", recovers + "file.go", ` || end.SHA256 != hex.EncodeToString(sum.Sum(nil))`, ``, false},
	{"a file's number of lines counts", recovers + "file.go", ` || end.Lines != rows`, ` || end.Lines > rows+1000`, false},
	{"a pruned journal contradicts no fact", recovers + "verify.go", `if r.Pruned = !whole; r.Pruned {`, `if r.Pruned = !whole; false {`, false},
	{"what was forgotten is not missing", recovers + "verify.go", `taught.ForgetLike(held, before)`, `_ = before`, false},
	{"the view is held against Judge", recovers + "verify.go", `if said != want {`, `if said != want && false {`, false},
	{"holes in the feed are found", recovers + "verify.go", ` && r.FeedHoles == 0`, ``, false},
	{"repair is asked for", recovers + "verify.go", `if repair == nil || r.Sound() {`, `if r.Sound() {`, false},
	{"reconcile ends where Keycloak is away", recovers + "reconcile.go", `case errors.Is(err, worker.ErrAway) || ctx.Err() != nil:`, `case errors.Is(err, worker.ErrNoKeys) || ctx.Err() != nil:`, false},
	{"what was ordered is no mistake", recovers + "reconcile.go", `c.Value.Reason != tokenstate.ReasonOrder`, `c.Value.Reason != ""`, false},
	{"who was shown as known is not looked at", recovers + "reconcile.go", `if subject.User != "" && c.first > 0 && `, `if false && `, false},
}
