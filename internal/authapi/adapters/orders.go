package adapters

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Orders joins the outbox.
type Orders struct{ *postgres.Store }

// Submit implements orders.Store.
func (o Orders) Submit(ctx context.Context, m events.Message) (int64, error) {
	return o.Order(ctx, m)
}

// SubmitReaching implements orders.Store.
func (o Orders) SubmitReaching(ctx context.Context, m events.Message) (int64, orders.Reached, error) {
	version, r, err := o.OrderReaching(ctx, m)
	return version, orders.Reached{Users: r.Users, Tokens: r.Tokens, Keys: r.Keys}, err
}
