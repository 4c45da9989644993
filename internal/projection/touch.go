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
		for _, p := range st.placesIn(s) {
			st.touched[tokenstate.Scope{Realm: s.Realm, User: st.whose[p].user}] = true
		}
	}
}

// count keeps the numbers of tokens by client, and touches the token's owner.
func (st *state) count(t tokenstate.Token, o owner, by int) {
	st.touchScope(tokenstate.Scope{Realm: t.Realm, User: o.user})
	add(st.clients, Unbound{t.Realm, t.ClientID}, by)
	add(st.itself, tokenstate.Scope{Realm: t.Realm}, by)
	if t.Client == "" {
		add(st.unbound, Unbound{t.Realm, t.ClientID}, by)
	} else {
		add(st.itself, tokenstate.Scope{Realm: t.Realm, Client: t.Client}, by)
	}
}

func add[K comparable](counts map[K]int, k K, by int) {
	if counts[k] += by; counts[k] == 0 {
		delete(counts, k)
	}
}

// users are all who have a token or a key.
func (st *state) users() []tokenstate.Scope {
	all := make([]tokenstate.Scope, 0, len(st.ofOwner))
	for o := range st.ofOwner {
		all = append(all, tokenstate.Scope{Realm: o.realm, User: o.user})
	}
	for o := range st.owned {
		if st.ofOwner[o] == nil {
			all = append(all, tokenstate.Scope{Realm: o.realm, User: o.user})
		}
	}
	return all
}

func (st *state) held(o owner) []tokenstate.Token {
	ts := make([]tokenstate.Token, 0, len(st.ofOwner[o]))
	for place := range st.ofOwner[o] {
		ts = append(ts, st.tokens[place].Token)
	}
	return ts
}
