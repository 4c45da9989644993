package authapi

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// refused remembers Keycloak's word on exactly this token, and closes it for a while that
// doubles each time. What is not about the token is not remembered.
func (s *Server) refused(ctx context.Context, t tokenstate.Token, r *Refusal) *Problem {
	if !r.Records {
		s.log(ctx).Error().Str("error", r.Code).Str("reason", r.Reason).Msg("Keycloak refuses us, not the token: check KEYCLOAK_CLIENT_ID and its secret")
		p := s.noAnswer(nil)
		p.silent = false // a disabled client is answered like that, too
		return p
	}
	s.Metrics.refreshed(outcomeRefused)
	s.forget(t)
	before := s.Known.Judge(t)
	o := &events.Order{Refused: true, Error: r.Code, ErrorDescription: r.Description}
	at := s.outcome(ctx, t, ownRefresh, o)
	if v := s.Known.Judge(t); v.State == tokenstate.Revoked || v.State == tokenstate.Suspended && v.Since != before.Since {
		return s.dead(t.Realm, v)
	}
	// Not seen here yet, or not stored: the answer is the same.
	return s.dead(t.Realm, tokenstate.Verdict{State: tokenstate.Suspended, Reason: tokenstate.ReasonRefused, Since: at, RetryAt: o.RetryAt})
}

// ownRefresh is who saw the outcome of a refresh of our own.
const ownRefresh = "authapi"

// outcome tells everybody how a refresh went. It fills in RetryAt.
func (s *Server) outcome(ctx context.Context, t tokenstate.Token, by string, o *events.Order) tokenstate.Millis {
	at, version, err := s.submitOutcome(ctx, t, by, o)
	if err != nil {
		s.log(ctx).Error().Err(err).Msg("the outcome of a refresh was not stored: it will be learnt again")
		return at
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.Known.WaitVersion(short, version) // best effort: the caller sees its own refusal
	return at
}

// submitOutcome writes the order that says how a refresh went and who saw it. It fills in RetryAt.
func (s *Server) submitOutcome(ctx context.Context, t tokenstate.Token, by string, o *events.Order) (at tokenstate.Millis, version int64, err error) {
	at, err = s.Orders.Now(ctx)
	if err != nil {
		at = tokenstate.Millis(s.now().UnixMilli())
	}
	o.Order, o.By = events.OrderRefresh, by
	o.User, o.Client, o.ClientID, o.Session, o.IssuedAt = t.User, t.Client, t.ClientID, t.Session, t.IssuedAt
	if o.Refused {
		o.RetryAt = at + pause(s.Known.Judge(t))
	}
	if err != nil {
		return at, 0, err //nolint:wrapcheck // the store says what failed
	}
	version, err = s.Orders.Submit(ctx, order(t.Realm, at, o))
	return at, version, err //nolint:wrapcheck // the store says what failed
}

// Pauses after refusals: twice the last one, from a minute to a day. The last is what lies
// between the standing refusal and its next attempt, so that nobody has to count.
const (
	firstPause tokenstate.Millis = 60_000
	lastPause  tokenstate.Millis = 24 * 3600_000
)

func pause(v tokenstate.Verdict) tokenstate.Millis {
	if v.Reason != tokenstate.ReasonRefused || v.RetryAt <= v.Since {
		return firstPause
	}
	return min(2*(v.RetryAt-v.Since), lastPause)
}
