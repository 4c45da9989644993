//go:build mutations

package mutation

func init() { mutants = append(mutants, stores...) }

// stores are the rules about user stores, vanished users, and looks that show sessions alone.
var stores = []mutant{
	{"an id that is used again does not revive keys", core + "owner.go", `upto >= o.KeysBefore {`, `upto >= o.KeysBefore && false {`, false},
	{"the second of the deletion counts", core + "owner.go", `= upto+1, ReasonUserDeleted, cause`, `= upto, ReasonUserDeleted, cause`, false},
	{"a store's user may come back", core + "store.go", `if f.storeOf(user.Realm, user.User) != "" {`, `if false {`, false},
	{"a look names the store", core + "learnlook.go", "if u := o.User; u != nil {\n\t\tf.comesFrom(m.Realm, u.User, u.Store)", "if u := o.User; u != nil {", false},
	{"a page names the store", core + "learnlook.go", "for _, u := range o.Users {\n\t\tf.comesFrom(m.Realm, u.User, u.Store)", "for _, u := range o.Users {", false},
	{"a removal names the store", core + "learnevent.go", `f.comesFrom(m.Realm, h.User, h.Details[events.StoreDetail])`, ``, false},
	{"an id names the store", core + "store.go", `if rest, ok := strings.CutPrefix(user, storedID); ok {`, `if rest, ok := strings.CutPrefix(user, storedID); ok && false {`, false},
	{"the admin API alone makes nobody vanish", core + "store.go", `f.pardoned(g.Cause) || nobody(node) && !f.deleted(user) {`, `f.pardoned(g.Cause) || nobody(node) && false {`, false},
	{"beside a deletion it does", core + "store.go", `f.pardoned(g.Cause) || nobody(node) && !f.deleted(user) {`, `f.pardoned(g.Cause) || nobody(node) {`, false},
	{"a vanishing can be pardoned", core + "store.go", `f.pardoned(g.Cause) || nobody(node) && !f.deleted(user) {`, `nobody(node) && !f.deleted(user) {`, false},
	{"a vanishing reaches up to its arrival", core + "store.go", `upto = min(m.Received, at+MaxBehind)`, `upto = at`, false},
	{"but not of very late news", core + "store.go", `upto = min(m.Received, at+MaxBehind)`, `upto = m.Received`, false},
	{"a look at sessions settles nothing about their user", core + "doubt.go", `return about && f.open(`, `return false && about && f.open(`, false},
	{"nor about everybody beneath a realm", core + "doubt.go", `|| d.Beneath && d.Scope == Scope{Realm: t.Realm}`, ``, false},
	{"nor by naming the event", core + "learnlook.go", `u.Gone || listed[u.User]`, `true`, false},
	{"it settles the end of a session", core + "learnlook.go", `ds = append(ds, sessionsDoubt(realm, ro.User))`, ``, false},
	{"a logout is a doubt about sessions", core + "learnevent.go", "\"LOGOUT\", \"USER_SESSION_DELETED\":\n\t\treturn known(sessions, session)", "\"LOGOUT\", \"USER_SESSION_DELETED\":\n\t\treturn known(user, session)", false},
	{"a doubt about sessions reaches tokens", core + "doubt.go", `return f.unsettled(sessionsDoubt(t.Realm, t.User), t, r) || f.listingDue(t, r)`, `return f.listingDue(t, r)`, false},
	{"and makes their user due", core + "due.go", `return append(ds, sessionsDoubt(t.Realm, t.User))`, `return ds`, false},

	{"a store's users wait after a change", asks, `now.Sub(w.change.Time()) < s.Pause || w.asking != ""`, `w.asking != ""`, false},
	{"then one by one", asks, `now.Sub(w.change.Time()) < s.Pause || w.asking != ""`, `now.Sub(w.change.Time()) < s.Pause`, false},
	{"until one is found", asks, `w.passed, w.gone = true, 0`, `w.gone = 0`, false},
	{"two who are gone stop it", asks, `case w.gone >= tokenstate.StoreGoneEnough:`, `case false:`, false},
	{"one who is gone does not", asks, `case w.gone >= tokenstate.StoreGoneEnough:`, `case w.gone >= tokenstate.StoreGoneEnough-1:`, false},
	{"a look that failed tells nothing", asks, `case known:`, `default:`, false},
	{"who was not asked tells nothing", asks, `if w.asking != user {`, `if false {`, false},
	{"another change is tried again", asks, `if w == nil || w.change != change {`, `if w == nil {`, false},
	{"nobody is listed meanwhile", asks, `if w := s.watch(realm); !w.known || w.passed {`, `if w := s.watch(realm); !w.known || w.passed || true {`, false},
}

const asks = "internal/asking/stores.go"
