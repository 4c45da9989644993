package adapters

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Again writes the orders once more that this replica knows and the database has lost: a standby that was
// promoted may lack what was acknowledged last. Every replica does so; the orders' ids make them one.
type Again struct {
	store  *postgres.Store
	orders chan []events.Message
	logger zerolog.Logger
}

// Bounds of writing again: how many losses may wait, and the pause after a fault.
const (
	maxLosses  = 8
	againPause = time.Second
)

// NewAgain makes one; Run writes.
func NewAgain(store *postgres.Store, logger zerolog.Logger) *Again {
	return &Again{store: store, orders: make(chan []events.Message, maxLosses), logger: logger}
}

// Remembered implements projection.Options.Remembered.
func (a *Again) Remembered(rows []tokenstate.Row) {
	ms := tokenstate.OrdersOf(rows, "authapi:remembered")
	if len(ms) == 0 {
		return
	}
	select {
	case a.orders <- ms:
	default:
		a.logger.Error().Int("orders", len(ms)).Msg("the database has lost commits too often in a row: these orders hold in this process only; give them again")
	}
}

// Run writes until ctx ends.
func (a *Again) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case ms := <-a.orders:
			a.write(ctx, ms)
		}
	}
}

func (a *Again) write(ctx context.Context, ms []events.Message) {
	for ctx.Err() == nil {
		n, err := a.store.OrderAgain(ctx, ms)
		if err == nil {
			a.logger.Warn().Int("orders", n).Msg("orders that the database had lost are written again")
			return
		}
		a.logger.Error().Err(err).Msg("orders that the database has lost are not written again yet; trying again")
		_ = pause.For(ctx, againPause)
	}
}
