package projection

import (
	"context"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The numbers of tokens by state are counted beside everything else, in steps that nobody notices: each is followed by a rest
// of so many times what it took. So they are a little old, and say how old.
const (
	countShare = 20  // at most one part in so many of a processor's time
	countStep  = 500 // holders under one lock
	countPause = 10 * time.Second
)

// Judged is what tokens are counted by.
type Judged struct {
	Realm   string
	State   string // as tokenstate names it
	InDoubt bool
}

// Numbers of stored and tracked tokens; a realm that has any has each state, be it with 0. At is when they began to be
// counted; zero: they never were.
type Numbers struct {
	At time.Time
	Of map[Judged]int
}

// Numbers are those that were counted last. Nobody may change them.
func (p *Projection) Numbers() Numbers {
	if n := p.numbers.Load(); n != nil {
		return *n
	}
	return Numbers{}
}

// Count counts again and again until ctx ends.
func (p *Projection) Count(ctx context.Context) error {
	for pause.For(ctx, countPause) == nil {
		p.count(func(worked time.Duration) { _ = pause.For(ctx, (countShare-1)*worked) })
	}
	return nil
}

// count counts once, unless another state is loaded meanwhile. What changes behind it is counted the next time.
func (p *Projection) count(rest func(worked time.Duration)) {
	n := Numbers{At: time.Now(), Of: map[Judged]int{}}
	st, all := p.holding()
	if st == nil {
		return
	}
	rest(time.Since(n.At))
	for step := range slices.Chunk(all, countStep) {
		began := time.Now()
		same := read(p, func(now *state) bool {
			for i := 0; now == st && i < len(step); i++ {
				for t := step[i].tokens; t != nil; t = t.next {
					v := st.judgeHeld(t, p.status.Rules, p.now)
					n.add(step[i].realm, v)
				}
			}
			return now == st
		})
		if !same {
			return
		}
		rest(time.Since(began))
	}
	p.numbers.Store(&n)
}

func (n *Numbers) add(realm string, v tokenstate.Verdict) {
	if _, known := n.Of[Judged{Realm: realm, State: tokenstate.Usable.String()}]; !known {
		for _, state := range []tokenstate.State{tokenstate.Usable, tokenstate.Suspended, tokenstate.Revoked} {
			n.Of[Judged{realm, state.String(), false}], n.Of[Judged{realm, state.String(), true}] = 0, 0
		}
	}
	n.Of[Judged{realm, v.State.String(), v.InDoubt}]++
}
