package authapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// order makes the message of an order, dated by the database. It goes into the log, for good.
func order(realm string, at tokenstate.Millis, o *events.Order) events.Message {
	o.Reason, o.Error, o.ErrorDescription = redact(o.Reason), redact(o.Error), redact(o.ErrorDescription)
	return events.Message{ID: uuid.NewString(), Realm: realm, At: at, Received: at, Source: events.Authapi, Body: o}
}

// KeyRevoked is the order that ends one key; by is who gave it.
func KeyRevoked(realm string, at tokenstate.Millis, by, user, key string) events.Message {
	return order(realm, at, &events.Order{Order: events.OrderKeyRevoked, By: by, User: user, Key: key})
}

// Disabled is the order that disables a user by the backend's own word.
func Disabled(realm string, at tokenstate.Millis, by, user, reason string) events.Message {
	return order(realm, at, &events.Order{Order: events.OrderStanding, By: by, User: user, Reason: reason})
}

// storeFault is the answer when the database did not take or give something.
func (s *Server) storeFault(ctx context.Context, err error) *Problem {
	s.log(ctx).Error().Err(err).Msg("the store failed")
	return unavailable("store-unavailable", "the database does not answer; nothing was done: try again")
}

func seconds(d time.Duration) tokenstate.Seconds { return tokenstate.Seconds(d / time.Second) }
