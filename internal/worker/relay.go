package worker

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

const relayAtOnce = 100

// Outbox is where authapi leaves its orders.
type Outbox interface {
	Outbox(ctx context.Context, most int) ([]journal.Waiting, error)
	Relayed(ctx context.Context, ids []string) error
}

// Relay brings authapi's orders to the log. They act already; the copy brings them back when
// the database is restored. An order may arrive twice: its id is the same, and so is its effect.
type Relay struct {
	Outbox   Outbox
	Log      Publisher
	Interval time.Duration
	Logger   zerolog.Logger
}

// Run relays until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			for more := true; more && ctx.Err() == nil; {
				var err error
				if more, err = r.some(ctx); err != nil && ctx.Err() == nil {
					r.Logger.Warn().Err(err).Msg("orders wait in the outbox; trying again")
				}
			}
		}
	}
}

func (r *Relay) some(ctx context.Context) (more bool, err error) {
	rows, err := r.Outbox.Outbox(ctx, relayAtOnce)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var done []string
	for _, row := range rows {
		if err = r.one(ctx, row); err != nil {
			break
		}
		done = append(done, row.ID)
	}
	return err == nil && len(rows) == relayAtOnce, errors.Join(err, r.Outbox.Relayed(ctx, done))
}

// one accepts orders only: the worker may publish more than authapi may say, and must not lend
// it its rights.
func (r *Relay) one(ctx context.Context, row journal.Waiting) error {
	m, err := events.Decode(row.Raw)
	if err == nil && m.Body.Class() == events.ClassOrder && m.Source == events.Authapi && m.ID == row.ID {
		return r.Log.Publish(ctx, m)
	}
	r.Logger.Error().Str("id", row.ID).AnErr("fault", err).Msg("an outbox row that is not an order of authapi is not relayed; who wrote it?")
	return nil
}
