package bench

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events/stream"
)

// naiveSchema is what somebody would write who has an afternoon: each message once, and when each user was last out.
const naiveSchema = `DROP TABLE IF EXISTS naive_message, naive_user;
CREATE TABLE naive_message (id text PRIMARY KEY, raw bytea NOT NULL);
CREATE TABLE naive_user (id text PRIMARY KEY, out_at bigint NOT NULL)`

// What it does for each message, and who uses Watermill, too (tools/watermill).
const (
	naiveInsert = "INSERT INTO naive_message VALUES ($1, $2) ON CONFLICT DO NOTHING"
	naiveUpsert = "INSERT INTO naive_user VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET out_at = greatest(naive_user.out_at, excluded.out_at)"
)

type naiveMessage struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	Data struct {
		User    string `json:"user"` // of an event
		Rosters []struct {
			User string `json:"user"`
		} `json:"rosters"` // of a look
	} `json:"data"`
}

func (m naiveMessage) user() string {
	if len(m.Data.Rosters) > 0 {
		return m.Data.Rosters[0].User
	}
	return m.Data.User
}

// naive is a consumer of a durable subscription that has one transaction for each message and then acknowledges it. It
// gives messages a second.
func (b *bench) naive(l log, address string, workers, n int) float64 {
	b.Helper()
	pool := b.pool(address, int32(workers))
	defer pool.Close()
	_, err := pool.Exec(b.Context(), naiveSchema)
	b.must(err)
	consumer, err := b.jetStream(l).CreateConsumer(b.Context(), stream.Name, jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 1000, InactiveThreshold: time.Minute,
	})
	b.must(err)
	messages, err := consumer.Messages()
	b.must(err)
	defer messages.Stop()
	began := time.Now()
	var all sync.WaitGroup
	faults := make(chan error, workers)
	for range workers {
		all.Go(func() {
			for range n / workers {
				m, err := messages.Next()
				if err == nil {
					err = consume(b.Context(), pool, m)
				}
				if err != nil {
					faults <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-faults:
		b.Fatal(err)
	default:
	}
	return float64(n/workers*workers) / time.Since(began).Seconds()
}

func consume(ctx context.Context, pool *pgxpool.Pool, m jetstream.Msg) error {
	var got naiveMessage
	if err := json.Unmarshal(m.Data(), &got); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, naiveInsert, got.ID, m.Data()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, naiveUpsert, got.user(), got.Time.UnixMilli())
		return err
	})
	if err != nil {
		return err
	}
	return m.Ack()
}

// raw reads the log in its order and does nothing with it. It gives messages a second.
func (b *bench) raw(l log, n int) float64 {
	b.Helper()
	began := time.Now()
	r, err := b.reader(l).Read(b.Context(), 0)
	b.must(err)
	defer r.Stop()
	for range n {
		_, err := r.Next(b.Context())
		b.must(err)
	}
	return float64(n) / time.Since(began).Seconds()
}
