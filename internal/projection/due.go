package projection

import (
	"slices"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// With a million tokens it takes seconds to ask tokenstate.Due about everyone, and the worker asks
// every second. So whoever something has changed for is asked about each time, and everyone as
// often as it takes no more than a small share of the time: for a few thousand tokens each time.
// Time alone makes a user due when a sweep period has passed, which may be noticed late, and when
// a token becomes old enough for its absence to count, which is remembered.

const (
	wholeShare = 20     // everyone is asked about at most in one part of so many of the time
	dueChunk   = 5000   // users under one lock
	maxDue     = 20_000 // of each kind, that an answer names: more are not looked at soon
)

// dueMemo is what the last answers were.
type dueMemo struct {
	mu    sync.Mutex
	share time.Duration // 0: wholeShare; tests set it
	of    *state        // that the answers are about
	began time.Time     // when everyone was asked about
	took  time.Duration

	urgent, patient map[tokenstate.Scope]tokenstate.Want
	named           []tokenstate.Scope                     // the patient that the last answer named
	young           map[tokenstate.Scope]tokenstate.Millis // when to ask about them again
}

// Due says whom to look at next, as tokenstate.Due does. It is for one caller.
func (p *Projection) Due(now tokenstate.Millis) []tokenstate.Want {
	m := &p.memo
	m.mu.Lock()
	defer m.mu.Unlock()
	st, touched := p.changed()
	if st == nil {
		return nil
	}
	share := m.share
	if share == 0 {
		share = wholeShare
	}
	began := time.Now()
	if whole := m.of != st || began.Sub(m.began) >= share*m.took; whole {
		m.of, m.urgent, m.patient, m.named = st, map[tokenstate.Scope]tokenstate.Want{}, map[tokenstate.Scope]tokenstate.Want{}, nil
		m.young = map[tokenstate.Scope]tokenstate.Millis{}
		p.ask(now, read(p, (*state).users))
		m.began, m.took = began, time.Since(began)
	}
	p.ask(now, keysOf(touched))
	p.ask(now, m.ripe(now))
	return m.answer(p.themselves(now))
}

// changed takes over whom something has changed for.
func (p *Projection) changed() (*state, map[tokenstate.Scope]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.st == nil {
		return nil, nil
	}
	touched := p.st.touched
	p.st.touched = map[tokenstate.Scope]bool{}
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
				var held []tokenstate.Token
				keys := false
				if h := st.holder(user.Realm, user.User); h != nil {
					held, keys = h.held(), h.keys > 0
				}
				w, due := tokenstate.DueUser(user, held, keys, st.facts, p.status.Rules, now)
				if at := tokenstate.RipensAt(held, st.facts, p.status.Rules, now); at > 0 {
					m.young[user] = at
				}
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

func (m *dueMemo) ripe(now tokenstate.Millis) (users []tokenstate.Scope) {
	for user, at := range m.young {
		if now >= at {
			users = append(users, user)
			delete(m.young, user)
		}
	}
	return users
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
