package bench

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// rest is longer than a replica rests between two versions: what comes within that waits for it, as it does where much
// happens.
const rest = 150 * time.Millisecond

// enforced is the time from a message in the log until a replica answers by it, while nothing else happens, beside a bare
// commit whose notification somebody waits for.
func enforced(b *bench) {
	const times = 50
	b.n = times * b.rounds
	b.population = b.endingNow()
	pool := b.pool(b.database(), 8)
	b.fill(pool)
	l := b.log()
	var ms []events.Message
	for i := range b.n {
		said := b.said(i)
		ms = append(ms, said[:]...)
	}
	b.publish(l, ms)
	store := postgres.New(pool)
	w := &worker.Worker{Log: readable{b.reader(l)}, Store: store, Epochs: store, Logger: zerolog.Nop()}
	b.running(w.Run)
	source := pgsource.New(pool, time.Second)
	b.Cleanup(source.Close)
	known := projection.New(source, projection.Options{}, zerolog.Nop())
	b.running(known.Run)
	b.until(known, func() bool {
		v := known.Judge(b.token(b.n - 1))
		return v.State == tokenstate.Usable && v.CheckedAt > 0
	})

	js := b.jetStream(l)
	var middle, late, took []float64
	for round := range b.rounds {
		var ours, bare []float64
		for i := range times {
			b.must(pause.For(b.Context(), rest))
			ours = append(ours, b.revoked(js, known, round*times+i))
			bare = append(bare, b.notified(pool))
		}
		slices.Sort(ours)
		slices.Sort(bare)
		took = append(took, ours[times/2])
		middle = append(middle, ours[times/2]/bare[times/2])
		late = append(late, ours[times-1]/bare[times-1])
	}
	b.row("from the log until it is enforced, p50", "ms", none, took...)
	b.row("from the log until it is enforced ÷ commit and NOTIFY, p50", "", atMost(10), middle...)
	b.row("from the log until it is enforced ÷ commit and NOTIFY, p98", "", atMost(10), late...)
}

// until waits for the projection to say it.
func (b *bench) until(known *projection.Projection, said func() bool) {
	b.Helper()
	for {
		version := known.Version()
		if said() {
			return
		}
		b.must(known.WaitVersion(b.Context(), version+1))
	}
}

// revoked is how many milliseconds pass from the look that does not find user i's session until the token is not usable.
func (b *bench) revoked(js jetstream.JetStream, known *projection.Projection, i int) float64 {
	b.Helper()
	look := b.lostSession(i)
	began := time.Now()
	b.send(js, look)
	b.until(known, func() bool { return known.Judge(b.token(i)).State != tokenstate.Usable })
	return float64(time.Since(began).Microseconds()) / 1000
}

// notified is how many milliseconds pass from the begin of a transaction of one row until another connection has its
// notification.
func (b *bench) notified(pool *pgxpool.Pool) float64 {
	b.Helper()
	conn, err := pool.Acquire(b.Context())
	b.must(err)
	defer conn.Release()
	_, err = conn.Exec(b.Context(), "LISTEN bench")
	b.must(err)
	began := time.Now()
	_, err = pool.Exec(b.Context(), "WITH bare AS (INSERT INTO tokenstate.audit (actor, action, detail) VALUES ('bench', 'bench', '') RETURNING n) SELECT pg_notify('bench', n::text) FROM bare")
	b.must(err)
	_, err = conn.Conn().WaitForNotification(b.Context())
	b.must(err)
	took := float64(time.Since(began).Microseconds()) / 1000
	_, err = conn.Exec(b.Context(), "UNLISTEN *")
	b.must(err)
	return took
}

// lostSession is the look that does not find user i's session.
func (b *bench) lostSession(i int) events.Message {
	look := b.said(i)[1]
	look.ID, look.At = id('g', i), events.Millis(time.Now().UnixMilli())
	o := *look.Body.(*events.Observation)
	o.Causes = []events.Cause{{Event: id('l', i), Type: "LOGOUT", At: look.At - 200}}
	o.Rosters = []events.Roster{{User: b.token(i).User, Complete: true}}
	look.Body = &o
	return look
}
