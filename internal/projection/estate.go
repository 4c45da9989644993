package projection

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// estate is what is held in one realm.
type estate struct {
	holders  map[string]*holder    // by user
	sessions map[string]*heldToken // the first of a chain: most have one

	generation generation
}

// generation is of what is known of a realm and of its clients; never 0.
type generation uint16

// next ends what is remembered in a realm. What is of the generation that begins anew after 65,535 others is forgotten first.
func (e *estate) next() {
	if e.generation++; e.generation != 0 {
		return
	}
	e.generation = 1
	for _, h := range e.holders {
		h.known.forget()
		for t := h.tokens; t != nil; t = t.next {
			t.known.forget()
		}
	}
}

func (st *state) estate(realm string) *estate {
	e := st.estates[realm]
	if e == nil {
		e = &estate{holders: map[string]*holder{}, sessions: map[string]*heldToken{}, generation: 1}
		st.estates[realm] = e
	}
	return e
}

// holding is the holder of that name; one is made if there is none.
func (e *estate) holding(user string) *holder {
	h := e.holders[user]
	if h == nil {
		h = &holder{user: user}
		e.holders[user] = h
	}
	return h
}

// leave forgets a holder of nothing.
func (e *estate) leave(h *holder) {
	if h.tokens == nil && h.keys == 0 {
		delete(e.holders, h.user)
	}
}

func (st *state) holder(realm, user string) *holder {
	if e := st.estates[realm]; e != nil {
		return e.holders[user]
	}
	return nil
}

// heldAt is the token at a place; nil if there is none.
func (st *state) heldAt(p Place) *heldToken {
	if e := st.estates[p.Realm]; e != nil {
		for t := e.sessions[p.Session]; t != nil; t = t.beside() {
			if t.alike.clientID == p.ClientID {
				return t
			}
		}
	}
	return nil
}

// link puts a token into the chains of its session and of its owner.
func (e *estate) link(t *heldToken) {
	if first := e.sessions[t.session]; first != nil {
		t.uncommon().beside = first
	}
	e.sessions[t.session] = t
	t.next, t.owner.tokens = t.owner.tokens, t
}

// unlink takes it out of them.
func (e *estate) unlink(t *heldToken) {
	switch first := e.sessions[t.session]; {
	case first != t:
		for first.beside() != t {
			first = first.beside()
		}
		first.rare.beside = t.beside()
	case t.beside() != nil:
		e.sessions[t.session] = t.beside()
	default:
		delete(e.sessions, t.session)
	}
	for at := &t.owner.tokens; *at != nil; at = &(*at).next {
		if *at == t {
			*at = t.next
			break
		}
	}
	e.leave(t.owner)
}

// eachToken calls f with all that are held.
func (st *state) eachToken(f func(*heldToken)) {
	for _, e := range st.estates {
		for _, t := range e.sessions {
			for ; t != nil; t = t.beside() {
				f(t)
			}
		}
	}
}

// users are all who have a token or a key.
func (st *state) users() (all []tokenstate.Scope) {
	for realm, e := range st.estates {
		for user := range e.holders {
			all = append(all, tokenstate.Scope{Realm: realm, User: user})
		}
	}
	return all
}

// held are the tokens of a holder.
func (h *holder) held() (ts []tokenstate.Token) {
	for t := h.tokens; t != nil; t = t.next {
		ts = append(ts, t.token())
	}
	return ts
}
