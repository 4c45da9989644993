package tokenstate

import (
	"strconv"
	"testing"
)

// Ensure Forget takes out one scope of a person or a session and nothing beside it, of sheets large and small, and that a
// sheet of nothing does not stay.
func TestForget(t *testing.T) {
	at := func(s Scope) LookRow { return LookRow{Scope: s, Node: "n", Value: Look{At: 1}} }
	user, session := Scope{Realm: "r", User: "u"}, Scope{Realm: "r", Session: "s"}
	withClient := func(s Scope) Scope { s.Client = "c"; return s }
	for name, many := range map[string]int{"small": 1, "large": 3 * maxFolded} {
		f, want := NewFacts(), NewFacts()
		for _, s := range []Scope{user, session, withClient(user), withClient(session), {Realm: "r"}, {Realm: "r", Client: "c"}, {Realm: "r", User: "v"}} {
			for i := range many {
				s.Key = strconv.Itoa(i)
				at(s).AddTo(f)
				if s.Key = ""; s != user && s != session {
					s.Key = strconv.Itoa(i)
					at(s).AddTo(want)
				}
			}
		}
		for _, s := range []Scope{user, session, {Realm: "other", User: "u"}, {Realm: "r", User: "nobody"}, {Realm: "r"}} {
			f.Forget(s)
		}
		if !f.Equal(want) {
			t.Errorf("%s: something else than the two scopes was forgotten", name)
		}
		f.Forget(withClient(user))
		f.Forget(withClient(session))
		if r := f.realm("r"); len(r.users.folded)+len(r.users.large) != 1 || len(r.sessions.folded)+len(r.sessions.large) != 0 {
			t.Errorf("%s: sheets of nothing stay: %v %v", name, r.users, r.sessions)
		}
	}
}
