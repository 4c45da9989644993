package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const (
	manyWriters = 8
	roundTrip   = time.Millisecond
)

// writers is how many tokens a second backends may store, all together: what one of them does under the lock of the feed's
// head the others wait for. With the database a millisecond away it is round trips that they wait for.
func writers(b *bench) {
	address := b.database()
	near, far := b.pool(address, manyWriters), b.pool(b.delayed(address), manyWriters)
	_, err := near.Exec(b.Context(), "CREATE TABLE bare (id text PRIMARY KEY, raw bytea NOT NULL)")
	b.must(err)
	var ratios, puts, inserts, distant []float64
	for range b.rounds {
		first, second, third, fourth := b.storing(near), b.inserting(near), b.inserting(near), b.storing(near)
		ratios = append(ratios, (first+fourth)/(second+third))
		puts, inserts = append(puts, (first+fourth)/2), append(inserts, (second+third)/2)
		distant = append(distant, b.storing(far))
	}
	b.row("PutToken of 8 writers ÷ a row each in a transaction of its own", "", none, ratios...)
	b.row("PutToken of 8 writers", "tokens/s", none, puts...)
	b.row("a row each in a transaction of its own", "rows/s", none, inserts...)
	b.row("PutToken of 8 writers, the database 1 ms away", "tokens/s", atLeast(600), distant...)
}

// storing is how many tokens are stored in a second.
func (b *bench) storing(pool *pgxpool.Pool) float64 {
	b.Helper()
	return b.written(manyWriters, b.putting(postgres.New(pool)))
}

func (b *bench) putting(store *postgres.Store) func(context.Context, int) error {
	return func(ctx context.Context, i int) error {
		put, err := store.PutToken(ctx, postgres.StoredToken{Token: b.token(i), Verified: true, Scope: "openid offline_access"}, &postgres.Ciphertext{KeyID: "k", Bytes: make([]byte, 1500)})
		if err == nil && !put.Created {
			err = fmt.Errorf("token %d was there already", i)
		}
		return err
	}
}

func (b *bench) inserting(pool *pgxpool.Pool) float64 {
	b.Helper()
	return b.written(manyWriters, func(ctx context.Context, i int) error {
		_, err := pool.Exec(ctx, "INSERT INTO bare VALUES ($1, $2)", id('b', i), make([]byte, 1500))
		return err
	})
}

// written has so many write for a while, each something new, and gives what they wrote in a second.
func (b *bench) written(by int, write func(context.Context, int) error) float64 {
	b.Helper()
	var all sync.WaitGroup
	var fault atomic.Pointer[error]
	began, first := time.Now(), b.things.Load()
	until := began.Add(4 * b.block())
	for range by {
		all.Go(func() {
			for time.Now().Before(until) {
				if err := write(b.Context(), int(b.things.Add(1))); err != nil {
					fault.Store(&err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := fault.Load(); err != nil {
		b.Fatal(*err)
	}
	return float64(b.things.Load()-first) / time.Since(began).Seconds()
}
