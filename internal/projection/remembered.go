package projection

import (
	"sync/atomic"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// A verdict does not depend on the clock, so it need not be computed twice. What most are is remembered: that a token is
// usable, or an owner active, that neither is in doubt, and nothing else is to be said but when it was checked. It is
// computed when somebody asks, forgotten when a fact about the user or the session changes, and holds for one generation
// of the realm, which a change of the realm or of one of its clients ends: so a million tokens are withdrawn at once.

// remembered is when it was checked, and behind that the realm's generation; 0: nothing is remembered. It is written by
// readers, side by side: all that read one state write the same.
type remembered struct{ atomic.Uint64 }

const generationBits = 16

func (m *remembered) recall(g generation) (checked tokenstate.Millis, ok bool) {
	all := m.Load()
	return tokenstate.Millis(all >> generationBits), generation(all) == g
}

func (m *remembered) keep(g generation, checked tokenstate.Millis) {
	if all := uint64(checked)<<generationBits | uint64(g); tokenstate.Millis(all>>generationBits) == checked {
		m.Store(all) // a time that is out of all reason is not remembered
	}
}

func (m *remembered) forget() { m.Store(0) }

// judge is tokenstate.JudgeAt. now is only asked where a token ends by itself.
func (st *state) judge(t tokenstate.Token, r tokenstate.Rules, now func() tokenstate.Millis) tokenstate.Verdict {
	if h := st.heldAt(placeOf(t)); h != nil && h.token() == st.bound(t) {
		return st.judgeHeld(h, r, now)
	}
	return tokenstate.JudgeAt(t, st.facts, r, now())
}

// bound is t with the UUID of the client that is now called so: a verdict is on it alone, whether the token says it or not.
func (st *state) bound(t tokenstate.Token) tokenstate.Token {
	if t.Client == "" {
		t.Client = st.facts.ClientCalled(t.Realm, t.ClientID)
	}
	return t
}

func (st *state) judgeHeld(h *heldToken, r tokenstate.Rules, now func() tokenstate.Millis) tokenstate.Verdict {
	t := h.token()
	if t.Expires != 0 || t.Client == "" { // whose such a token is may hang on what a client is called now
		return tokenstate.JudgeAt(t, st.facts, r, now())
	}
	generation := st.estates[t.Realm].generation
	if checked, ok := h.known.recall(generation); ok {
		return tokenstate.Verdict{State: tokenstate.Usable, CheckedAt: checked}
	}
	v := tokenstate.Judge(t, st.facts, r)
	if v == (tokenstate.Verdict{State: tokenstate.Usable, CheckedAt: v.CheckedAt}) {
		h.known.keep(generation, v.CheckedAt)
	}
	return v
}

// owner is tokenstate.Owner.
func (st *state) owner(realm, user string, r tokenstate.Rules) tokenstate.Ownership {
	h := st.holder(realm, user)
	if h == nil {
		return tokenstate.Owner(realm, user, st.facts, r)
	}
	generation := st.estates[realm].generation
	if checked, ok := h.known.recall(generation); ok {
		return tokenstate.Ownership{Active: true, Known: checked > 0, CheckedAt: checked}
	}
	o := tokenstate.Owner(realm, user, st.facts, r)
	if o == (tokenstate.Ownership{Active: true, Known: o.CheckedAt > 0, CheckedAt: o.CheckedAt}) {
		h.known.keep(generation, o.CheckedAt)
	}
	return o
}

// keyCut is tokenstate.Facts.KeyCut. That no key of a user is cut is remembered: nothing but a fact about the user ends it.
func (st *state) keyCut(realm, user, id string) (c tokenstate.Cutoff, cause string, ok bool) {
	h := st.holder(realm, user)
	if h == nil {
		return st.facts.KeyCut(realm, user, id)
	}
	if !h.uncut.Load() {
		if st.facts.KeysCut(realm, user) {
			return st.facts.KeyCut(realm, user, id)
		}
		h.uncut.Store(true)
	}
	return c, "", false
}

// forget forgets what a fact may have changed; many says that it reaches all of a realm.
func (st *state) forget(r tokenstate.Row, many bool) {
	s := scopeOf(r)
	if r, ok := r.(tokenstate.RefusalRow); ok {
		s = r.ID.Scope
	}
	st.forgetScope(s, many) // a pardon has none: it takes a verdict back that is not remembered
}

func (st *state) forgetScope(s tokenstate.Scope, many bool) {
	e := st.estates[s.Realm]
	if e == nil {
		return
	}
	if many {
		e.next()
	}
	if s.Session != "" {
		for t := e.sessions[s.Session]; t != nil; t = t.beside() {
			t.known.forget()
		}
	}
	if h := e.holders[s.User]; h != nil {
		h.known.forget()
		h.uncut.Store(false)
		for t := h.tokens; t != nil; t = t.next {
			t.known.forget()
		}
	}
	for place := range st.named[owner{s.Realm, s.User}] {
		st.heldAt(place).known.forget()
	}
}

// forgetAll begins a new generation everywhere.
func (st *state) forgetAll() {
	for _, e := range st.estates {
		e.next()
	}
}
