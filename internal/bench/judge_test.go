package bench

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// judge is what the core itself takes, without a projection.
func judge(b *bench) {
	p := population{min(b.n, 100_000), b.began}
	f, r := tokenstate.NewFacts(), tokenstate.DefaultRules()
	for i := range p.n {
		p.learn(f, i)
	}
	asked := make([]tokenstate.Token, p.n)
	for i := range asked {
		asked[i] = p.token(i * 7919 % p.n)
	}
	b.row("Judge, computed", "ns", atMost(1500), each(b.rounds, p.n, func(i int) { tokenstate.Judge(asked[i], f, r) })...)
	b.row("Judge, allocations", "", atMost(0), testing.AllocsPerRun(100, func() { tokenstate.Judge(asked[1], f, r) }))
	b.row("Owner, computed", "ns", atMost(200), each(b.rounds, p.n, func(i int) { tokenstate.Owner("demo", asked[i].User, f, r) })...)
}
