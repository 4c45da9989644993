package projection

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// touch notes the user whom a fact is about: by name, or as the holder of a session.
func (st *state) touch(r tokenstate.Row) {
	switch r := r.(type) {
	case tokenstate.StandingRow:
		st.touchScope(r.Subject.Scope)
	case tokenstate.LookRow:
		st.touchScope(r.Scope)
	case tokenstate.SightingRow:
		st.touchScope(r.ID.Seat)
	case tokenstate.DoubtRow:
		st.touchScope(r.ID.Doubt.Scope)
	case tokenstate.CutoffRow:
		st.touchScope(r.Scope)
	}
}

func (st *state) touchScope(s tokenstate.Scope) {
	switch {
	case st.touched == nil:
	case s.User != "":
		st.touched[tokenstate.Scope{Realm: s.Realm, User: s.User}] = true
	case s.Session != "":
		for t := st.inSession(s); t != nil; t = t.beside {
			st.touched[tokenstate.Scope{Realm: s.Realm, User: t.owner.user}] = true
		}
	}
}

// count keeps the numbers of tokens by client, and touches the token's owner.
func (st *state) count(t *heldToken, by int) {
	a := t.alike
	st.touchScope(tokenstate.Scope{Realm: a.realm, User: t.owner.user})
	add(st.itself, tokenstate.Scope{Realm: a.realm}, by)
	if a.client == "" {
		add(st.unbound, Unbound{a.realm, a.clientID}, by)
	} else {
		add(st.itself, tokenstate.Scope{Realm: a.realm, Client: a.client}, by)
	}
}

func add[K comparable](counts map[K]int, k K, by int) {
	if counts[k] += by; counts[k] == 0 {
		delete(counts, k)
	}
}
