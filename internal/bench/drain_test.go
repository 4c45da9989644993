package bench

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// drain is how fast a worker gets through a log that has piled up, and what a message costs the disk.
func drain(b *bench) {
	b.n = min(b.n, 20_000)
	b.population = b.endingNow()
	address := b.database()
	pool := b.pool(address, 2)
	b.fill(pool)
	pool.Close()
	peers, watermill := b.copyOf(address), b.builtWatermill()
	for _, c := range []struct {
		whose                      string
		kind                       byte
		one, sixteen, ofRaw        goal
		wal, feedBytes, lineWeighs goal
	}{
		{"of held users", 'u', atLeast(6), atLeast(3), none, atMost(2048), atMost(100), atMost(512)},
		{"of strangers", 'x', atLeast(12), none, atLeast(0.1), atMost(1126), none, none},
	} {
		l := b.log()
		ms := b.logouts(c.kind, b.n, b.n)
		b.publish(l, ms)
		var d drained
		for range b.rounds {
			d.round(b, l, address, peers, watermill, len(ms))
		}
		what := "logout pairs " + c.whose
		b.row(what, "messages/s", none, d.rate...)
		b.row(what+" ÷ naive, one worker", "", c.one, d.one...)
		b.row(what+" ÷ naive, sixteen workers", "", c.sixteen, d.sixteen...)
		b.row(what+" ÷ Watermill, one subscriber", "", c.one, d.watermill...)
		b.row(what+" ÷ Watermill, sixteen subscribers", "", c.sixteen, d.watermills...)
		b.row(what+" ÷ reading the log", "", c.ofRaw, d.ofRaw...)
		b.row("WAL a message "+c.whose, "B", c.wal, d.wal...)
		b.row("feed a message "+c.whose, "B", c.feedBytes, d.feed...)
		b.row("journal a message "+c.whose, "B", c.lineWeighs, d.journal...)
	}
}

// drained is what the rounds have shown.
type drained struct{ rate, one, sixteen, watermill, watermills, ofRaw, wal, feed, journal []float64 }

func (d *drained) round(b *bench, l log, address, peers, watermill string, n int) {
	b.Helper()
	pool := b.pool(b.copyOf(address), 8)
	defer pool.Close()
	before := b.sizes(pool)
	rate := b.drained(l, pool, n)
	after := b.sizes(pool)
	few := min(n, 4000)
	d.rate = append(d.rate, rate)
	d.one = append(d.one, rate/b.naive(l, peers, 1, few/4))
	d.sixteen = append(d.sixteen, rate/b.naive(l, peers, 16, few))
	d.watermill = append(d.watermill, rate/b.watermill(watermill, l, peers, 1, few/4))
	d.watermills = append(d.watermills, rate/b.watermill(watermill, l, peers, 16, few))
	d.ofRaw = append(d.ofRaw, rate/b.raw(l, n))
	d.wal = append(d.wal, (after[0]-before[0])/float64(n))
	d.feed = append(d.feed, (after[1]-before[1])/float64(n))
	d.journal = append(d.journal, (after[2]-before[2])/float64(n))
}

// sizes are the bytes of WAL so far, and those of feed and journal with their indexes.
func (b *bench) sizes(pool *pgxpool.Pool) (s [3]float64) {
	b.Helper()
	b.must(pool.QueryRow(b.Context(), `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8,
		pg_total_relation_size('tokenstate.feed')::float8, pg_total_relation_size('tokenstate.journal')::float8`).Scan(&s[0], &s[1], &s[2]))
	return s
}

// readable is the log as the worker's port names it.
type readable struct{ *stream.Log }

func (l readable) Read(ctx context.Context, floor uint64) (journal.Reader, error) {
	return l.Log.Read(ctx, floor)
}

// drained has a worker apply the whole log, and gives messages a second.
func (b *bench) drained(l log, pool *pgxpool.Pool, n int) float64 {
	b.Helper()
	store, whole := postgres.New(pool), make(chan struct{})
	var once sync.Once
	w := &worker.Worker{Log: readable{b.reader(l)}, Store: store, Epochs: store, Logger: zerolog.Nop(), Applied: func(batch journal.Batch) {
		if batch.To.Seq >= uint64(n) {
			once.Do(func() { close(whole) })
		}
	}}
	began := time.Now()
	stop := b.running(w.Run)
	select {
	case <-whole:
	case <-b.Context().Done():
		b.Fatal(b.Context().Err())
	}
	took := time.Since(began)
	stop()
	var lines, parked int
	b.must(pool.QueryRow(b.Context(), "SELECT (SELECT count(*) FROM tokenstate.journal), (SELECT count(*) FROM tokenstate.parked)").Scan(&lines, &parked))
	if lines != n || parked != 0 {
		b.Fatalf("of %d messages %d are in the journal, and %d are parked", n, lines, parked)
	}
	return float64(n) / took.Seconds()
}
