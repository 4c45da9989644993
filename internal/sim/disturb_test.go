package sim

import (
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// disturb breaks one thing.
func (p *programs) disturb() {
	i := p.chance.IntN(len(p.procs))
	x, long := p.procs[i], time.Duration(p.chance.IntN(12_000))*time.Millisecond
	switch p.chance.IntN(10) {
	case 0, 1, 2:
		x.link.cut(long)
	case 3, 4, 5:
		x.link.worsen(long)
	case 6, 7:
		x.kill()
		p.procs[i] = p.start()
	case 8:
		p.copy = p.store.backup()
	case 9:
		p.restore()
	}
}

// restore puts the older backup under the programs. Tokens made since are stored again, and so are the orders that no
// worker had relayed: authapi's replicas remember them.
func (p *programs) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.store.backup().outbox
	facts := p.store.facts()
	p.dead, p.since = p.deadBy(func(t tokenstate.Token) tokenstate.Verdict { return tokenstate.Judge(t, facts, p.r.h.rules) }), time.Now()
	for _, x := range p.procs {
		x.dead = p.deadBy(x.known.Judge)
	}
	p.store.restore(p.copy)
	p.copy, p.stored = p.store.backup(), 0
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	for _, w := range waiting {
		if slices.ContainsFunc(p.store.outbox, func(x journal.Waiting) bool { return x.ID == w.ID }) {
			continue
		}
		m, err := events.Decode(w.Raw)
		if err == nil {
			err = p.store.orderAgain(m)
		}
		if err != nil {
			panic(err)
		}
	}
}

// deadBy are the tokens that somebody says are dead for good. An order can be pardoned.
func (p *programs) deadBy(judge func(tokenstate.Token) tokenstate.Verdict) map[tokenstate.Token]string {
	dead := map[tokenstate.Token]string{}
	for _, t := range p.r.held {
		if v := judge(t.token); v.State == tokenstate.Revoked && v.Reason != tokenstate.ReasonOrder {
			dead[t.token] = v.Reason + " by " + v.Cause
		}
	}
	return dead
}

// takenBack: once there is an older database, a reader that is ready takes nothing back that it had said, and one that
// has started since nothing that the database had known.
func (p *programs) takenBack() {
	for _, x := range p.procs {
		if ready, _ := x.known.Ready(); !ready {
			continue
		}
		for _, t := range p.r.held {
			now, why := x.known.Judge(t.token), x.dead[t.token]
			p.demand(why == "" || now.State != tokenstate.Usable || now.InDoubt || p.r.usable(t), "at %d: taken back: %+v was %s", p.r.now-epoch, t.token, why)
		}
	}
}
