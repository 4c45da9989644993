package projection

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// touch notes the user whom a fact is about: by name, or as the holder of a session.
func (st *state) touch(r tokenstate.Row) { st.touchScope(scopeOf(r)) }

// scopeOf is what a fact is about; nobody where nothing but one token's verdict, or none of ours, depends on it.
func scopeOf(r tokenstate.Row) tokenstate.Scope {
	switch r := r.(type) {
	case tokenstate.StandingRow:
		return r.Subject.Scope
	case tokenstate.LookRow:
		return r.Scope
	case tokenstate.SightingRow:
		return r.ID.Seat
	case tokenstate.DoubtRow:
		return r.ID.Doubt.Scope
	case tokenstate.CutoffRow:
		return r.Scope
	}
	return tokenstate.Scope{}
}

// spell gives the sheet that a fact was written to the name that we have in memory for its holder or session.
func (st *state) spell(r tokenstate.Row) {
	s := scopeOf(r)
	if t := st.inSession(s); t != nil {
		st.facts.Spell(tokenstate.Scope{Realm: s.Realm, Session: t.session})
	} else if h := st.holder(s.Realm, s.User); h != nil {
		st.facts.Spell(tokenstate.Scope{Realm: s.Realm, User: h.user})
	}
}

func (st *state) touchScope(s tokenstate.Scope) {
	switch {
	case st.touched == nil:
	case s.User != "":
		st.touched[tokenstate.Scope{Realm: s.Realm, User: s.User}] = true
	case s.Session != "":
		for t := st.inSession(s); t != nil; t = t.beside() {
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
