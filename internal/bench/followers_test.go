package bench

import (
	"context"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const (
	manyFollowers = 50
	statsLate     = 11 * time.Second // what a connection did that is idle since, Postgres counts ten seconds later
	idleFor       = 30 * time.Second // so that hardly one more or less of what each asks within it is counted
)

// followers is what replicas cost who writes: the speed of one writer with 50 of them beside its speed alone, and what they
// ask while nothing happens. They run in this process, so on this machine they take the writer's processors, too.
func followers(b *bench) {
	address := b.database()
	pool := b.pool(address, 2)
	store := postgres.New(pool)
	b.confirm(store)
	b.withoutVacuum(pool)
	write := b.putting(store)
	b.written(1, write) // warm
	b.must(pause.For(b.Context(), statsLate))
	without := b.idle(pool)
	var alone, with, idle, ratios, barely []float64
	for range b.rounds {
		alone = append(alone, b.written(1, write))
		stop := b.following(address)
		b.must(pause.For(b.Context(), statsLate))
		idle = append(idle, (b.idle(pool)-without)/manyFollowers)
		with = append(with, b.written(1, write))
		stop()
		ratios = append(ratios, with[len(with)-1]/alone[len(alone)-1])
		stop = b.listening(address)
		barely = append(barely, b.written(1, write)/alone[len(alone)-1])
		stop()
	}
	b.row("a writer with 50 followers ÷ alone", "", none, ratios...)
	b.row("a writer with 50 bare listeners ÷ alone", "", none, barely...)
	b.row("a writer with 50 followers ÷ with 50 bare listeners", "", atLeast(0.6), by(ratios, barely)...)
	b.row("a writer alone", "tokens/s", none, alone...)
	b.row("an idle follower", "tx/s", atMost(1), idle...)
}

// following has 50 replicas follow the database, each over connections of its own, as programs make them.
func (b *bench) following(address string) (stop func()) {
	b.Helper()
	u, err := url.Parse(address)
	b.must(err)
	values := u.Query()
	values.Set("pool_max_conns", "2")
	u.RawQuery = values.Encode()
	var stops []func()
	for range manyFollowers {
		pool, err := postgres.Open(b.Context(), u.String(), postgres.Serving())
		b.must(err)
		source := pgsource.New(pool, time.Second)
		known := projection.New(source, projection.Options{}, zerolog.Nop())
		run := b.running(known.Run)
		stops = append(stops, func() { run(); source.Close(); pool.Close() })
		b.must(known.WaitVersion(b.Context(), 1))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// listening has as many connections wait for the same notifications and ask for nothing but the version, as seldom as a replica
// does: whoever is told of writes by Postgres takes that much of the writer's machine.
func (b *bench) listening(address string) (stop func()) {
	b.Helper()
	var stops []func()
	for range manyFollowers {
		conn, err := pgx.Connect(b.Context(), address)
		b.must(err)
		_, err = conn.Exec(b.Context(), "LISTEN tokenstate_feed")
		b.must(err)
		stops = append(stops, b.running(func(ctx context.Context) error {
			defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
			for {
				if _, err := conn.WaitForNotification(ctx); err != nil {
					return nil // it is told to end
				}
				if _, err := conn.Exec(ctx, "SELECT version FROM tokenstate.feed_head"); err != nil && ctx.Err() == nil {
					return err
				}
				_ = pause.For(ctx, 100*time.Millisecond)
			}
		}))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// withoutVacuum ends what Postgres does by itself after many writes: it would be counted as what followers ask.
func (b *bench) withoutVacuum(pool *pgxpool.Pool) {
	b.Helper()
	for _, change := range []string{"ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"} {
		_, err := pool.Exec(b.Context(), change)
		b.must(err)
	}
}

// idle is how many transactions there are a second while nobody writes, this asking among them.
func (b *bench) idle(pool *pgxpool.Pool) float64 {
	b.Helper()
	before, began := b.transactions(pool), time.Now()
	b.must(pause.For(b.Context(), idleFor))
	return (b.transactions(pool) - before) / time.Since(began).Seconds()
}

func (b *bench) transactions(pool *pgxpool.Pool) (n float64) {
	b.Helper()
	b.must(pool.QueryRow(b.Context(), "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n))
	return n
}
