package projection

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// With a million tokens it takes seconds to ask tokenstate.Due about everyone, and the worker asks every second. So whoever
// something has changed for is asked about each time, and whom time alone may have made due, which a queue gives out.
// Everyone is asked about where a change of a realm or a client may concern them all, and that as often as it takes no more
// than a small share of the time.

const (
	wholeShare = 20     // everyone is asked about at most in one part of so many of the time
	dueChunk   = 5000   // users under one lock
	maxDue     = 20_000 // of each kind, that an answer names: more are not looked at soon
)

// dueMemo is what the last answers were.
type dueMemo struct {
	mu    sync.Mutex
	share int              // 0: wholeShare; tests set it
	of    *state           // that the answers are about
	rules tokenstate.Rules // the same
	wide  bool             // something has changed that may concern everyone
	began time.Time        // when everyone was asked about
	took  time.Duration

	urgent, patient map[tokenstate.Scope]tokenstate.Want
	named           []tokenstate.Scope // the patient that the last answer named
	watch           watch

	swept   atomic.Int64 // what SweptUntil answers
	walking atomic.Bool  // somebody asks about everyone for SweptUntil
}

// Due says whom to look at next, as tokenstate.Due does. It is for one caller.
func (p *Projection) Due(now tokenstate.Millis) []tokenstate.Want {
	m := &p.memo
	m.mu.Lock()
	defer m.mu.Unlock()
	if !p.refresh(now, true) {
		return nil
	}
	return m.answer(p.themselves(now))
}

// refresh brings up to date what is known of who is due. walk: everyone may be asked about, if need be.
func (p *Projection) refresh(now tokenstate.Millis, walk bool) bool {
	m := &p.memo
	st, touched := p.changed()
	if st == nil {
		return false
	}
	share := m.share
	if share == 0 {
		share = wholeShare
	}
	began, rules := time.Now(), p.Rules()
	m.wide = m.wide || m.rules != rules
	if m.of != st || walk && m.wide && began.Sub(m.began) >= time.Duration(share)*m.took {
		m.of, m.rules, m.wide, m.watch = st, rules, false, newWatch()
		m.urgent, m.patient, m.named = map[tokenstate.Scope]tokenstate.Want{}, map[tokenstate.Scope]tokenstate.Want{}, nil
		p.ask(now, read(p, (*state).users))
		m.began, m.took = began, time.Since(began)
	}
	p.ask(now, keysOf(touched))
	p.ask(now, m.watch.ripe(now))
	m.swept.Store(int64(m.watch.sweptUntil()))
	return true
}

// changed takes over whom something has changed for.
func (p *Projection) changed() (*state, map[tokenstate.Scope]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.st == nil {
		return nil, nil
	}
	touched := p.st.touched
	p.memo.wide = p.memo.wide || p.st.wide
	p.st.touched, p.st.wide = map[tokenstate.Scope]bool{}, false
	return p.st, touched
}

// ask notes which of these users are due. The lock is given back in between, for what is being
// installed meanwhile touches its users again.
func (p *Projection) ask(now tokenstate.Millis, users []tokenstate.Scope) {
	m := &p.memo
	for chunk := range slices.Chunk(users, dueChunk) {
		read(p, func(st *state) bool {
			for _, user := range chunk {
				delete(m.urgent, user)
				delete(m.patient, user)
				h := st.holder(user.Realm, user.User)
				if h == nil {
					m.watch.leave(user)
					continue
				}
				held := h.held()
				w, due := tokenstate.DueUser(user, held, h.keys > 0, st.facts, p.status.Rules, now)
				again := tokenstate.DueAgain(user, held, st.facts, p.status.Rules, now)
				known := st.owner(user.Realm, user.User, p.status.Rules).Known
				m.watch.see(user, again, st.swept(user, h, p.status.Rules, now), !known)
				switch {
				case due && w.Urgent:
					m.urgent[user] = w
				case due:
					m.patient[user] = w
				}
			}
			return true
		})
	}
}

// themselves are the realms and clients that are due.
func (p *Projection) themselves(now tokenstate.Millis) []tokenstate.Want {
	return read(p, func(st *state) (due []tokenstate.Want) {
		for s := range st.itself {
			if w, ok := tokenstate.DueItself(s, st.facts, p.status.Rules, now); ok {
				due = append(due, w)
			}
		}
		return due
	})
}

// answer names the same patient users each time until they are due no more: whoever asks lets
// each wait for a while.
func (m *dueMemo) answer(due []tokenstate.Want) []tokenstate.Want {
	for _, w := range m.urgent {
		if len(due) >= maxDue {
			break
		}
		due = append(due, w)
	}
	m.named = slices.DeleteFunc(m.named, func(s tokenstate.Scope) bool { return m.patient[s].Scope.User == "" })
	if len(m.named) < min(maxDue, len(m.patient)) {
		has := make(map[tokenstate.Scope]bool, len(m.named))
		for _, s := range m.named {
			has[s] = true
		}
		for s := range m.patient {
			if len(m.named) == maxDue {
				break
			}
			if !has[s] {
				m.named = append(m.named, s)
			}
		}
	}
	for _, user := range m.named {
		due = append(due, m.patient[user])
	}
	tokenstate.SortWants(due)
	return due
}

func keysOf(m map[tokenstate.Scope]bool) []tokenstate.Scope {
	keys := make([]tokenstate.Scope, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
