package tokens

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of refreshing.
const (
	maxRefreshes  = 32               // calls to Keycloak at once
	slotPatience  = 2 * time.Second  // for one of them
	refreshLimit  = 10 * time.Second // for all of a caller's waiting
	answerLimit   = 35 * time.Second // for Keycloak's answer, which is waited for when no caller does any more
	defaultSettle = 5 * time.Second  // after an unknown outcome: the request may still be at work in Keycloak
	keepLimit     = time.Minute      // for storing a new refresh token: the session hangs on it
	firstPoll     = 20 * time.Millisecond
	lastPoll      = 250 * time.Millisecond
)

// refreshOnce refreshes a session's token once for all who ask at the same time, here and at the
// other replicas. The refresh outlives a caller who gives up, for its outcome must be stored.
func (s *Service) refreshOnce(ctx context.Context, t tokenstate.Token, want Fresh) (access, error) {
	if !gate.Enter(s.Gate.Load.Waiting) {
		s.Gate.Metrics.Shed("refresh")
		return access{}, problem.Overloaded()
	}
	defer func() { <-s.Gate.Load.Waiting }()
	for asked, again := s.Gate.LocalTime(), false; ; again = true {
		if a, err := s.joinRefresh(ctx, t, want); err != nil || again || s.enough(a, want, asked) {
			return a, err
		}
	}
}

// joinRefresh waits for a refresh that is under way here, or begins one.
func (s *Service) joinRefresh(ctx context.Context, t tokenstate.Token, want Fresh) (access, error) {
	k, lasting := seatOf(t), context.WithoutCancel(ctx)
	done := s.access.flight.DoChan(k.realm+"\x00"+k.session+"\x00"+k.client, func() (any, error) {
		return s.inTurn(lasting, t, want)
	})
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	select {
	case r := <-done:
		if r.Err != nil {
			return access{}, r.Err
		}
		return r.Val.(access), nil
	case <-ctx.Done():
		return access{}, s.noAnswer(nil)
	}
}

// noAnswer tells a caller to come back, when Keycloak wants to be asked again if it said so.
func (s *Service) noAnswer(err error) *problem.Problem {
	s.Metrics.refreshed(outcomeUnavailable)
	p := problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer, which says nothing about the token: try again")
	p.Silent = true
	if u, ok := errors.AsType[*idp.UnansweredError](err); ok && u.RetryAfter > 0 {
		p = p.RetryIn(u.RetryAfter)
	}
	return p
}

// inTurn asks for the turn until it is ours or another replica's result is there. What another
// one got since we asked is as good as our own would be.
func (s *Service) inTurn(ctx context.Context, t tokenstate.Token, want Fresh) (access, error) {
	short, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	asked := time.Now()
	for again := firstPoll; ; again = min(2*again, lastPoll) {
		w := want
		w.MaxAge = max(w.MaxAge, time.Since(asked))
		a, mine, err := s.tryTurn(ctx, short, t, w)
		if mine || err != nil {
			return a, err
		}
		if pause.For(short, again) != nil {
			return access{}, s.noAnswer(nil)
		}
	}
}

// tryTurn settled: there is a result or an error. Not settled: another replica is at it.
func (s *Service) tryTurn(ctx, short context.Context, t tokenstate.Token, want Fresh) (a access, settled bool, err error) {
	if bad := s.slot(short); bad != nil {
		return access{}, true, bad
	}
	defer func() { <-s.access.slots }()
	turn, err := s.Turns.Take(short, t, want)
	switch {
	case errors.Is(err, ErrNotSealed): // deleted, or tracked, since we looked
		return access{}, true, noToken()
	case err != nil:
		return access{}, true, s.Gate.StoreFault(ctx, err)
	case turn.Shared != nil:
		s.Metrics.refreshed(outcomeCache)
		return s.had(t, *turn.Shared), true, nil
	case turn.ID == "":
		return access{}, false, nil
	}
	a, err = s.refresh(ctx, t, turn)
	return a, true, err
}

// slot waits for one of the few places at Keycloak.
func (s *Service) slot(ctx context.Context) *problem.Problem {
	if gate.Wait(ctx, s.access.slots) {
		return nil
	}
	s.Gate.Metrics.Shed("refresh")
	return problem.Overloaded()
}

// refresh asks Keycloak. Whatever happens, the turn ends as what is known of the outcome wants.
func (s *Service) refresh(ctx context.Context, t tokenstate.Token, turn Turn) (access, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	raw, issuedAt, err := s.Store.Open(ctx, t)
	if err != nil {
		s.leave(ctx, t, turn, turn.Unsure)
		return access{}, s.unopened(ctx, t, err)
	}
	t.IssuedAt = issuedAt
	if turn.Unsure {
		if err := s.readBack(ctx, t, raw); err != nil {
			_, inactive := errors.AsType[*idp.RefusalError](err)
			s.leave(ctx, t, turn, !inactive)
			return access{}, s.notGranted(ctx, t, err)
		}
	}
	began := time.Now()
	grant, err := s.Gate.Realms[t.Realm].Keycloak.Refresh(ctx, raw)
	if err == nil {
		return s.granted(ctx, t, raw, turn, began, grant)
	}
	s.leave(ctx, t, turn, unsure(err))
	return access{}, s.notGranted(ctx, t, err)
}

// unsure: neither an answer about the token, nor surely never sent.
func unsure(err error) bool {
	if _, ok := errors.AsType[*idp.RefusalError](err); ok {
		return false
	}
	u, ok := errors.AsType[*idp.UnansweredError](err)
	return !ok || u.Sent
}

// leave gives the turn back, also when the caller's time is over.
func (s *Service) leave(ctx context.Context, t tokenstate.Token, turn Turn, unsure bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	settle := time.Duration(0)
	if unsure {
		settle = cmp.Or(s.Settle, defaultSettle)
	}
	if err := s.Turns.Leave(ctx, t, turn.ID, settle); err != nil {
		s.Gate.Log(ctx).Warn().Err(err).Msg("the turn to refresh is not given back: it ends by itself")
	}
}

// readBack asks what became of a refresh without an outcome, before it is repeated: with
// rotation on, repeating one that happened ends the session. Introspection changes nothing.
func (s *Service) readBack(ctx context.Context, t tokenstate.Token, raw secret.Text) error {
	seen, err := s.Gate.Realms[t.Realm].Keycloak.Introspect(ctx, raw)
	switch {
	case err != nil:
		return err
	case seen.Active:
		return nil
	}
	s.Gate.Log(ctx).Warn().Str("session", t.Session).Msg("a refresh had no outcome, and the token is not active any more")
	return &idp.RefusalError{
		Records: true, Code: "invalid_grant", Reason: "inactive",
		Description: "not active after a refresh without an outcome",
	}
}

// notGranted remembers what is about the token, and says that we cannot help with the rest.
func (s *Service) notGranted(ctx context.Context, t tokenstate.Token, err error) *problem.Problem {
	if refusal, ok := errors.AsType[*idp.RefusalError](err); ok {
		return s.refused(ctx, t, refusal)
	}
	s.Gate.Log(ctx).Warn().Err(err).Msg("refresh without an outcome")
	return s.noAnswer(err)
}

// granted keeps what the refresh brought, and only then gives the access token out: with
// rotation on, the session hangs on the new refresh token. If the token was found dead
// meanwhile, the access token is not given out.
func (s *Service) granted(ctx context.Context, t tokenstate.Token, raw secret.Text, turn Turn, began time.Time,
	g idp.Grant,
) (access, error) {
	s.Metrics.refreshed(outcomeOK)
	next := s.nextToken(ctx, t, raw, g.Next)
	took := time.Since(began)
	r := Refreshed{Access: g.Access, Took: took, Left: g.Expires - took}
	if !next.Text.Empty() {
		r.Next = &next
	}
	if err := s.keep(ctx, t, turn, r); err != nil {
		return access{}, s.Gate.StoreFault(ctx, err)
	}
	switch o, err := s.success(ctx, t); {
	case err != nil:
		s.Gate.Log(ctx).Error().Err(err).Msg("whether this lifts a refusal could not be found out: the next refresh will")
	case o != nil:
		s.outcome(ctx, t, ownRefresh, o)
	}
	now := s.Gate.LocalTime()
	a := access{of: next.Token, text: g.Access, had: now.Add(-took), expires: now.Add(r.Left)}
	s.remember(a)
	return a, nil
}

// keep tries for as long as there is hope, if a refresh token is to be lost otherwise.
func (s *Service) keep(ctx context.Context, t tokenstate.Token, turn Turn, r Refreshed) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	for again := firstPoll; ; again = min(2*again, 8*lastPoll) {
		err := s.Turns.Finish(ctx, t, turn.ID, r)
		if err == nil {
			return nil
		}
		if r.Next == nil {
			s.Gate.Log(ctx).Warn().Err(err).Msg("an access token is not shared with the other replicas")
			return nil
		}
		s.Gate.Log(ctx).Error().Err(err).Msg("the new refresh token is not stored yet; trying again")
		if pause.For(ctx, again) != nil {
			return err
		}
	}
}

// nextToken is the refresh token to keep from now on, if it is another one than before.
func (s *Service) nextToken(ctx context.Context, t tokenstate.Token, raw, text secret.Text) Given {
	if text.Empty() || text.Equal(raw) {
		return Given{Token: t}
	}
	claims, err := s.Gate.Realms[t.Realm].Keycloak.Parse(text)
	next := tokenOf(t.Realm, claims)
	next.User, next.Client = t.User, t.Client
	if err != nil || !claims.Offline || next.Session != t.Session || next.ClientID != t.ClientID || next.IssuedAt < t.IssuedAt {
		s.Gate.Log(ctx).Warn().Msg("a refresh brought a refresh token that is not this session's offline token; the stored one is kept")
		return Given{Token: t}
	}
	return Given{Token: next, Text: text, Verified: true, Scope: claims.Scope}
}
