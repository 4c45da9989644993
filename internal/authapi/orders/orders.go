// Package orders is what authapi tells the log: each order acts at its commit, and its copy outlives the database.
package orders

import (
	"context"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// New makes the message of an order, dated by the database. It goes into the log, for good.
func New(realm string, at tokenstate.Millis, o *events.Order) events.Message {
	o.Reason, o.Error, o.ErrorDescription = redact.Text(o.Reason), redact.Text(o.Error), redact.Text(o.ErrorDescription)
	return events.Message{ID: uuid.NewString(), Realm: realm, At: at, Received: at, Source: events.Authapi, Body: o}
}

// KeyRevoked is the order that ends one key; by is who gave it.
func KeyRevoked(realm string, at tokenstate.Millis, by, user, key string) events.Message {
	return New(realm, at, &events.Order{Order: events.OrderKeyRevoked, By: by, User: user, Key: key})
}

// Disabled is the order that disables a user by the backend's own word.
func Disabled(realm string, at tokenstate.Millis, by, user, reason string) events.Message {
	return New(realm, at, &events.Order{Order: events.OrderStanding, By: by, User: user, Reason: reason})
}

// Store takes what this program decides or saw itself; effective at the commit.
type Store interface {
	Submit(context.Context, events.Message) (version int64, err error)
	// SubmitReaching is Submit, and says what the order found at its commit.
	SubmitReaching(context.Context, events.Message) (version int64, r Reached, err error)
	// Refused says whether the last refresh of exactly this token that was told of was refused.
	Refused(context.Context, tokenstate.Token) (bool, error)
	// Now is the database's time, which orders are dated by.
	Now(context.Context) (tokenstate.Millis, error)
}

// Reached is what an order covers of what is stored. About nobody that is known it covers nothing,
// and holds for whoever comes under it.
type Reached struct {
	Users  int64 `json:"users" doc:"whose they are"`
	Tokens int64 `json:"tokens" doc:"stored or tracked offline tokens"`
	Keys   int64 `json:"keys" doc:"API keys that were neither revoked nor expired"`
}
