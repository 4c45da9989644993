package bench

import (
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const (
	askedPerSecond = 500
	asNone         = 1.1 // times is no more than none, also where the machine is so idle that noise is less
)

// beside is what decisions of authapi feel of a console whose pages are asked for without a pause: a process of its own on
// the same database. authapi has the first processor for itself here, as on a machine of its own; but whatever is busy on the
// other one is felt, by the memory that they share and because the system has less room for all else.
func beside(b *bench) {
	b.must(only(func(cpu int) bool { return cpu != 0 })) // whatever is started from here on: Postgres, the console
	b.Cleanup(func() { b.must(only(func(int) bool { return true })) })
	b.n = min(b.n, 50_000)
	b.population = b.endingNow()
	pool := b.pool(b.database(), 8)
	b.fill(pool)
	b.teach(postgres.New(pool))
	known := b.follow(pool)
	handler, err := b.server(known).Handler()
	b.must(err)
	address := b.serving(handler)
	request := func(i int) []byte {
		return []byte("GET /api/v1/users/me HTTP/1.1\r\nHost: authapi\r\nAuthorization: Bearer " + keyOf(i).Text().Reveal() + "\r\n\r\n")
	}
	asking := b.clients(address, request)[0]
	console := b.consoleProcess(pool.Config().ConnString(), "http://"+address)
	defer console.end()
	b.must(only(func(cpu int) bool { return cpu == 0 }))

	during := func(what string) float64 {
		console.say(what)
		defer console.say("rest")
		return b.late(asking)
	}
	var ratios, busier, noise []float64
	during("rest")
	for range b.rounds {
		first, busy, pages := during("rest"), during("spin"), during("click")
		more, again, last := during("click"), during("spin"), during("rest")
		ratios, busier = append(ratios, (pages+more)/(first+last)), append(busier, (pages+more)/(busy+again))
		noise = append(noise, max(first, last)/min(first, last))
	}
	b.row("p99 of a decision, 20 pages of the console a second ÷ none", "", none, ratios...)
	b.row("the same ÷ a loop over memory in place of them", "", atMost(max(asNone, slices.Max(noise))), busier...)
	b.row("two measurements of that without the console, the longer ÷ the shorter", "", none, noise...)
}

// late is the 99th percentile of the milliseconds that a decision takes; they are asked for at even times.
func (b *bench) late(c *client) float64 {
	b.Helper()
	const n = 4 * askedPerSecond
	took := make([]float64, 0, n)
	tick := time.NewTicker(time.Second / askedPerSecond)
	defer tick.Stop()
	for range n {
		<-tick.C
		began := time.Now()
		b.must(c.ask())
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}
