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
	users := make([]string, p.n)
	for i := range users {
		users[i] = asked[i].User
	}
	few := &bench{population: p}
	find := few.bareMap().finder(users)
	four := func(i int) { // users far apart: a verdict opens four sheets
		for quarter := range 4 {
			find((i + quarter*len(users)/4) % len(users))
		}
	}
	judged, ratios := against(b.rounds, len(users), four, func(i int) { tokenstate.Judge(asked[i], f, r) })
	b.row("Judge, computed", "ns", none, judged...)
	b.row("Judge, computed ÷ a sheet found in a bare map, four times", "", atMost(8), ratios...)
	b.row("Judge, allocations", "", atMost(0), testing.AllocsPerRun(100, func() { tokenstate.Judge(asked[1], f, r) }))
	b.row("Owner, computed", "ns", none, each(b.rounds, p.n, func(i int) { tokenstate.Owner("demo", asked[i].User, f, r) })...)
}
