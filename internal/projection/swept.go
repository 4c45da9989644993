package projection

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// SweptUntil is when the living token or owner that was not seen for longest was last looked at; 0 if one never was, or
// nothing is loaded. A scrape asks it, so it walks over nobody: it is as Due found it last, with what has changed since.
// Where nobody has asked Due yet, as in a worker that stands by, everyone is asked about beside, and until then it is 0.
func (p *Projection) SweptUntil() tokenstate.Millis {
	m := &p.memo
	if m.mu.TryLock() {
		defer m.mu.Unlock()
		known, few := read(p, func(st *state) bool { return st == m.of }), read(p, (*state).holders) <= dueChunk
		switch {
		case known || few:
			p.refresh(p.now(), few)
		case m.walking.CompareAndSwap(false, true):
			go p.walk()
		}
	}
	return tokenstate.Millis(m.swept.Load())
}

// Owners counts the users of a realm's tokens and keys, and those whom no look has ever seen.
type Owners struct{ All, NeverLooked int }

// Owners are those of each realm, as they are counted for Due. It may wait until everyone has been asked about.
func (p *Projection) Owners() map[string]Owners {
	p.memo.mu.Lock()
	defer p.memo.mu.Unlock()
	if !p.refresh(p.now(), true) {
		return nil
	}
	n := map[string]Owners{}
	for realm, o := range p.memo.watch.owners {
		n[realm] = *o
	}
	return n
}

func (p *Projection) walk() {
	p.memo.mu.Lock()
	defer p.memo.mu.Unlock()
	defer p.memo.walking.Store(false)
	p.refresh(p.now(), true)
}

// holders is how many users hold something.
func (st *state) holders() (n int) {
	for _, e := range st.estates {
		n += len(e.holders)
	}
	return n
}

// swept is when the living token or key of a holder that was not seen for longest was last looked at.
func (st *state) swept(user tokenstate.Scope, h *holder, r tokenstate.Rules, now tokenstate.Millis) tokenstate.Millis {
	first := none
	seen := func(at tokenstate.Millis) {
		if first == none || at < first {
			first = at
		}
	}
	for held := h.tokens; held != nil; held = held.next {
		switch v := st.judgeHeld(held, r, func() tokenstate.Millis { return now }); {
		case v.State == tokenstate.Revoked:
		case held.alike.client == "": // its client is not known, so nobody can look at more than its user
			seen(st.owner(user.Realm, held.names(), r).CheckedAt)
		default:
			seen(v.CheckedAt)
		}
	}
	if h.live > 0 {
		seen(st.owner(user.Realm, user.User, r).CheckedAt)
	}
	return first
}
