// Program watermill is a peer of `make bench`: what a user of Watermill writes to keep the log in Postgres, by the same two
// statements as internal/bench's naive consumer. A module of its own keeps Watermill out of everybody's go.mod.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wmjetstream "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/jetstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
)

// prefetched is how many messages all subscribers together have in hand: as many as one of nats.go's has by itself. By that
// default two of them would take all that the consumer gives out unacknowledged, and the others nothing.
const prefetched = 500

func main() {
	rate, err := run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	// Nothing is closed: a subscriber that is closed while messages come panics ("send on closed channel").
	fmt.Fprintln(os.Stdout, rate)
	os.Exit(0)
}

// run gives messages a second.
func run(ctx context.Context) (float64, error) {
	var subscribers, n int
	if _, err := fmt.Sscan(os.Getenv("WATERMILL_RUN"), &subscribers, &n); err != nil {
		return 0, fmt.Errorf("WATERMILL_RUN is no number of subscribers and one of messages: %w", err)
	}
	config, err := pgxpool.ParseConfig(os.Getenv("WATERMILL_DATABASE"))
	if err != nil {
		return 0, err
	}
	config.MaxConns = int32(subscribers)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	given, err := subscribe(ctx, subscribers)
	if err != nil {
		return 0, err
	}
	began, whole := time.Now(), make(chan struct{})
	var kept atomic.Int64
	for _, messages := range given {
		go func() {
			for m := range messages {
				if err := keep(ctx, pool, m.Payload); err != nil {
					log.Fatal(err)
				}
				m.Ack()
				if kept.Add(1) == int64(n) {
					close(whole)
				}
			}
		}()
	}
	<-whole
	return float64(n) / time.Since(began).Seconds(), nil
}

// subscribe has subscribers share one consumer, from the log's beginning.
func subscribe(ctx context.Context, subscribers int) ([]<-chan *message.Message, error) {
	s, err := wmjetstream.NewSubscriber(wmjetstream.SubscriberConfig{
		URL: os.Getenv("WATERMILL_NATS"), Logger: watermill.NopLogger{},
		ResourceInitializer: wmjetstream.GroupedConsumer(watermill.NewShortUUID()),
		ConsumeOptions:      []jetstream.PullConsumeOpt{jetstream.PullMaxMessages(prefetched / subscribers)},
		AckAsync:            true, // else it waits for the answer to each acknowledgement, which the naive one does not
	})
	if err != nil {
		return nil, err
	}
	given := make([]<-chan *message.Message, subscribers)
	for i := range given {
		if given[i], err = s.Subscribe(ctx, os.Getenv("WATERMILL_STREAM")); err != nil {
			return nil, err
		}
	}
	return given, nil
}

// keep is the naive consumer's transaction.
func keep(ctx context.Context, pool *pgxpool.Pool, raw []byte) error {
	var got struct {
		ID   string    `json:"id"`
		Time time.Time `json:"time"`
		Data struct {
			User    string `json:"user"` // of an event
			Rosters []struct {
				User string `json:"user"`
			} `json:"rosters"` // of a look
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		return err
	}
	user := got.Data.User
	if len(got.Data.Rosters) > 0 {
		user = got.Data.Rosters[0].User
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, os.Getenv("WATERMILL_INSERT"), got.ID, raw); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, os.Getenv("WATERMILL_UPSERT"), user, got.Time.UnixMilli())
		return err
	})
}
