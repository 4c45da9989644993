package authapi

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// refreshOnce refreshes a session's token once for all who ask at the same time: with rotation
// on, two refreshes of one token end the session (reliability.md §4.3). The refresh outlives a
// caller who gives up, for its outcome must be stored.
func (s *Server) refreshOnce(ctx context.Context, t projection.Token) (access, error) {
	k := seatOf(t.Token)
	done := s.access.flight.DoChan(k.realm+"\x00"+k.session+"\x00"+k.client, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshLimit)
		defer cancel()
		return s.refresh(ctx, t.Token)
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return access{}, r.Err
		}
		return r.Val.(access), nil //nolint:forcetypeassert // the function above returns nothing else
	case <-ctx.Done():
		return access{}, s.noAnswer()
	}
}

func (s *Server) noAnswer() *Problem {
	s.Metrics.refreshed(outcomeUnavailable)
	return unavailable("identity-provider-unavailable", "Keycloak does not answer, which says nothing about the token: try again")
}

func (s *Server) refresh(ctx context.Context, t tokenstate.Token) (access, error) {
	select {
	case s.access.slots <- struct{}{}:
		defer func() { <-s.access.slots }()
	case <-ctx.Done():
		return access{}, s.noAnswer()
	}
	raw, issuedAt, err := s.Tokens.Open(ctx, t)
	if errors.Is(err, ErrNotSealed) { // deleted, or tracked, since we looked
		return access{}, noToken()
	}
	if err != nil {
		s.log(ctx).Error().Err(err).Str("session", t.Session).Msg("a stored token does not open")
		return access{}, s.storeFault(ctx, err)
	}
	t.IssuedAt = issuedAt
	grant, err := s.Keycloak.Refresh(ctx, raw)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return access{}, s.refused(ctx, t, refusal)
	}
	if err != nil {
		s.log(ctx).Warn().Err(err).Msg("refresh without an outcome")
		return access{}, s.noAnswer()
	}
	return s.granted(ctx, t, raw, grant)
}

// granted keeps what the refresh brought. If the token was found dead meanwhile, the access
// token is not given out (F41).
func (s *Server) granted(ctx context.Context, t tokenstate.Token, raw secret.Text, g Grant) (access, error) {
	s.Metrics.refreshed(outcomeOK)
	next := s.keepNext(ctx, t, raw, g.Next)
	if v := s.Known.Judge(t); v.Reason == tokenstate.ReasonRefused {
		s.outcome(ctx, t, ownRefresh, &events.Order{})
	} else if v.State == tokenstate.Revoked || v.State == tokenstate.Suspended {
		if w := s.Known.Judge(next); w.State == v.State {
			s.access.drop(seatOf(t))
			return access{}, s.dead(w)
		}
	}
	now := s.now()
	a := access{text: g.Access, had: now, expires: now.Add(g.Expires)}
	s.access.put(seatOf(t), a, now)
	return a, nil
}

// keepNext stores the new generation: with rotation on, the old one is over.
func (s *Server) keepNext(ctx context.Context, t tokenstate.Token, raw, text secret.Text) tokenstate.Token {
	if text.Empty() || text.Equal(raw) {
		return t
	}
	claims, err := s.Keycloak.Parse(text)
	next := tokenOf(t.Realm, claims)
	next.User, next.Client = t.User, t.Client
	if err != nil || !claims.Offline || next.Session != t.Session || next.ClientID != t.ClientID || next.IssuedAt < t.IssuedAt {
		s.log(ctx).Warn().Msg("a refresh brought a refresh token that is not this session's offline token; the stored one is kept")
		return t
	}
	if err := s.Tokens.Replace(ctx, t, next, text); err != nil {
		s.log(ctx).Error().Err(err).Msg("the new refresh token was not stored: with rotation on, the user must log in again")
		return t
	}
	return next
}

// refused remembers Keycloak's word on exactly this token, and closes it for a while that
// doubles each time. What is not about the token is not remembered.
func (s *Server) refused(ctx context.Context, t tokenstate.Token, r *Refusal) *Problem {
	if !r.Records {
		s.log(ctx).Error().Str("error", r.Code).Str("reason", r.Reason).Msg("Keycloak refuses us, not the token: check KEYCLOAK_CLIENT_ID and its secret")
		return s.noAnswer()
	}
	s.Metrics.refreshed(outcomeRefused)
	s.access.drop(seatOf(t))
	before := s.Known.Judge(t)
	o := &events.Order{Refused: true, Error: r.Code, ErrorDescription: r.Description}
	at := s.outcome(ctx, t, ownRefresh, o)
	if v := s.Known.Judge(t); v.State == tokenstate.Revoked || v.State == tokenstate.Suspended && v.Since != before.Since {
		return s.dead(v)
	}
	// Not seen here yet, or not stored: the answer is the same.
	return s.dead(tokenstate.Verdict{State: tokenstate.Suspended, Reason: tokenstate.ReasonRefused, Since: at, RetryAt: o.RetryAt})
}

// ownRefresh is who saw the outcome of a refresh of our own.
const ownRefresh = "authapi"

// outcome writes the order that tells everybody how a refresh went, and who saw it. It fills in
// RetryAt.
func (s *Server) outcome(ctx context.Context, t tokenstate.Token, by string, o *events.Order) tokenstate.Millis {
	at, err := s.Orders.Now(ctx)
	if err != nil {
		at = tokenstate.Millis(s.now().UnixMilli())
	}
	o.Order, o.By = events.OrderRefresh, by
	o.User, o.Client, o.ClientID, o.Session, o.IssuedAt = t.User, t.Client, t.ClientID, t.Session, t.IssuedAt
	if o.Refused {
		o.RetryAt = at + pause(s.Known.Judge(t))
	}
	if err == nil {
		var version int64
		if version, err = s.Orders.Submit(ctx, order(t.Realm, at, o)); err == nil {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_ = s.Known.WaitVersion(short, version) // best effort: the caller sees its own refusal
		}
	}
	if err != nil {
		s.log(ctx).Error().Err(err).Msg("the outcome of a refresh was not stored: it will be learnt again")
	}
	return at
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
