package bench

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/console/adapters"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// recovered is what an operator waits for who has the journal compared with the facts, or replayed as a dry run, and the
// memory that it takes: the console's buttons do just this.
func recovered(b *bench) {
	b.population = b.endingNow()
	pool := b.pool(b.database(), 4)
	b.fill(pool)
	store := postgres.New(pool)
	b.taught(store, true)
	l := b.log()
	var ms []events.Message
	for i := range min(b.n, 100_000) {
		said := b.said(i)
		ms = append(ms, said[:]...)
	}
	b.publish(l, ms)

	checks := adapters.Checks{Store: store, Held: keys.New(pool)}
	for _, c := range []struct {
		what  string
		ofLog goal
		run   func() (page.Outcome, error)
	}{
		{"verify", atLeast(0.05), func() (page.Outcome, error) { return checks.Verify(b.Context(), func(_, _ int64) {}) }},
		{"a replay as a dry run", atLeast(0.12), func() (page.Outcome, error) { return checks.Replay(b.Context(), func(_, _ int64) {}) }},
	} {
		var rate, used, ofLog, ofJournal, memory []float64
		for range b.rounds {
			before := settled()
			most, began, processor := peak(), time.Now(), processorTime()
			o, err := c.run()
			took := time.Since(began)
			used = append(used, float64((processorTime()-processor).Nanoseconds())/1000/float64(2*b.n))
			memory = append(memory, (most()-before)/float64(b.n))
			b.must(err)
			if !o.Sound {
				b.Fatalf("%s finds: %s %q", c.what, o.Found, o.Lines)
			}
			rate = append(rate, float64(2*b.n)/took.Seconds())
			ofLog = append(ofLog, rate[len(rate)-1]/b.raw(l, len(ms)))
			ofJournal = append(ofJournal, rate[len(rate)-1]/b.journalRead(pool))
		}
		b.row(c.what, "messages/s", none, rate...)
		b.row("processor time of this process for "+c.what+", a message", "µs", none, used...)
		b.row(c.what+" ÷ reading the log", "", c.ofLog, ofLog...)
		b.row(c.what+" ÷ reading the journal", "", none, ofJournal...)
		b.row("memory of "+c.what+", a token", "B", none, memory...)
	}
}

// journalRead reads all lines and does nothing with them. It gives messages a second.
func (b *bench) journalRead(pool *pgxpool.Pool) float64 {
	b.Helper()
	began := time.Now()
	b.copiedOut(pool, "(SELECT n, raw FROM tokenstate.journal ORDER BY n)")
	return float64(2*b.n) / time.Since(began).Seconds()
}
