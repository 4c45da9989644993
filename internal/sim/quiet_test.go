package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// check heals everything, waits until all is quiet, and compares.
func (p *programs) check() {
	for _, x := range p.procs {
		x.link.heal()
	}
	for end := time.Now().Add(patience); !p.quiet(); {
		if time.Now().After(end) {
			p.r.result.stuck = true
			return
		}
		p.pass(time.Second)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.r.log = p.log.messages()
	var newest []held
	for _, t := range p.r.held {
		if p.store.holds(t.token) {
			newest = append(newest, t)
		}
	}
	p.r.compareAll(newest)
	p.r.result.log = p.r.log
}

// quiet: nothing is on its way, everything is applied and known, and nobody is due or will be by waiting.
func (p *programs) quiet() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.store.backup()
	if len(p.r.later) > 0 || p.stored < len(p.r.held) || len(d.outbox) > 0 || d.floor.Seq != p.log.last() {
		return false
	}
	now := p.store.now()
	for _, x := range p.procs {
		if ready, _ := x.known.Ready(); !ready || x.known.Version() != int64(len(d.feed)) || len(x.known.Due(now)) > 0 {
			return false
		}
	}
	return true
}

// laws: the store holds what the log says and nothing else, and both readers say the same of it.
func (p *programs) laws() {
	d, want := p.store.backup(), tokenstate.NewFacts()
	for _, m := range p.log.messages() {
		want.Add(tokenstate.Learn(m))
		p.demand(d.ids[m.ID], "the journal lacks %s", m.ID)
	}
	p.demand(d.parked == 0, "%d messages are parked", d.parked)
	p.demand(p.store.facts().Equal(want), "the store holds other facts than the log: %s", cmp.Diff(dump(want), dump(p.store.facts())))
	for _, t := range p.r.held {
		a, b := p.procs[0].known.Judge(t.token), p.procs[1].known.Judge(t.token)
		p.demand(a == b, "of %+v one reader says %+v, the other %+v", t.token, a, b)
	}
}

func (p *programs) demand(so bool, otherwise string, args ...any) {
	if !so {
		p.r.result.broken = append(p.r.result.broken, fmt.Sprintf(otherwise, args...))
	}
}

func dump(f tokenstate.Facts) string {
	var b strings.Builder
	if err := f.Dump(&b); err != nil {
		panic(err)
	}
	return b.String()
}
