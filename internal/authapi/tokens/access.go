package tokens

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type accessInput struct {
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Body   struct {
		ClientID  string    `json:"client_id,omitempty" maxLength:"255"`
		MinValidS web.Count `json:"min_valid_s,omitempty" minimum:"0" maximum:"3600" doc:"how long the access token must still be valid"`
		Audience  *string   `json:"audience,omitempty" minLength:"1" maxLength:"255" doc:"client_id of another client of the realm: the access token is exchanged for one that is meant for it alone (RFC 8693), which Keycloak must allow authapi's client; min_valid_s is then of the token that was exchanged"`
	}
}

type accessAnswer struct {
	Body struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in" doc:"seconds"`
		Source      string `json:"source" enum:"cache,refresh" doc:"of the access token, or of the one that it was exchanged for"`
	}
}

func (s *Service) accessToken(api huma.API) {
	op := web.Operation(http.MethodPost, web.AccessTokenPath, "A fresh access token of a user's offline token", web.SmallBody)
	op.Middlewares = s.Door.ForServiceOrOwner(gate.ScopeTokensUse, apikey.ScopeAccessToken)
	huma.Register(api, op, s.giveAccess)
}

// maxTried bounds for how many offline tokens one caller has Keycloak asked.
const maxTried = 3

// giveAccess remembers a refusal: it is what the user's automation stops at.
func (s *Service) giveAccess(ctx context.Context, in *accessInput) (*accessAnswer, error) {
	a, err := s.accessAsAsked(ctx, in)
	if bad, ok := errors.AsType[*problem.Problem](err); ok {
		s.Gate.RefuseHolder(ctx, web.HolderOf(ctx, in.UserID), bad)
	}
	return a, err
}

// accessAsAsked gives a user's access token as it is, or exchanged for another audience.
func (s *Service) accessAsAsked(ctx context.Context, in *accessInput) (*accessAnswer, error) {
	if in.Body.Audience != nil {
		return s.exchangedAccess(ctx, in)
	}
	a, reused, err := s.bestAccess(ctx, in, false)
	if err != nil {
		return nil, err
	}
	return s.given(a, sourceOf(a, reused)), nil
}

// bestAccess makes no call to Keycloak for a token that is known to be refused. One that is in
// doubt, or of which nothing is known, is tried: Keycloak refuses what is dead. Then the next best
// is tried, for a refusal is said only if none works. fresh: by a refresh, whatever lies here.
func (s *Service) bestAccess(ctx context.Context, in *accessInput, fresh bool) (a access, reused bool, err error) {
	realm, tried := web.RealmOf(ctx), map[seat]bool{}
	var refused *problem.Problem
	for {
		t, v, ok := s.sealedBest(realm, in.UserID, in.Body.ClientID, tried)
		switch worth := ok && s.Gate.WorthTrying(v); {
		case refused != nil && (!worth || len(tried) == maxTried):
			return a, false, refused
		case !ok:
			return a, false, noToken()
		case !worth:
			s.Metrics.refreshed(outcomeSkipped)
			return a, false, s.dead(realm, v)
		}
		a, reused, err = s.accessOf(ctx, t.Token, v, time.Duration(in.Body.MinValidS)*time.Second, fresh)
		if refused, ok = errors.AsType[*problem.Problem](err); !ok || refused.Status == http.StatusServiceUnavailable {
			return a, reused, err
		}
		tried[seatOf(t.Token)] = true
	}
}

// accessOf gives an access token of one offline token: one that is cached, or a new one, or while
// Keycloak does not answer the last one. fresh: only a new one will do.
func (s *Service) accessOf(ctx context.Context, t tokenstate.Token, v tokenstate.Verdict, minValid time.Duration,
	fresh bool,
) (a access, reused bool, err error) {
	want := s.reusable(v, minValid)
	if fresh {
		want.MaxAge = 0
	}
	a, reused = s.cached(t, want)
	if reused {
		s.Metrics.refreshed(outcomeCache)
	} else if a, err = s.refreshOnce(ctx, t, want); err != nil {
		if !fresh {
			a, reused = s.lastGood(ctx, t, minValid, err)
		}
		if !reused {
			return access{}, false, err
		}
	}
	if v := s.Gate.Known.Judge(a.of); s.withheld(v, reused) {
		s.forget(a.of)
		return access{}, false, s.dead(t.Realm, v)
	}
	return a, reused, nil
}

// withheld: a fact may have come since we looked, and before the access token goes out. (A refusal
// that our own refresh has just disproved may still be known here.)
func (s *Service) withheld(v tokenstate.Verdict, reused bool) bool {
	return !s.Gate.WorthTrying(v) && (reused || v.Reason != tokenstate.ReasonRefused)
}

// sourceOf is what callers are told: another replica's is not our own refresh.
func sourceOf(a access, reused bool) string {
	if reused || a.shared {
		return "cache"
	}
	return "refresh"
}

func noToken() *problem.Problem {
	return problem.New(http.StatusNotFound, "no-offline-token", "", "no offline token of this user is stored here: store one with PUT /v1/offline-tokens")
}

// sealedBest is the best token that can be refreshed here, but for those that were tried. Tracked
// ones lie with the backend.
func (s *Service) sealedBest(realm, user, clientID string, tried map[seat]bool) (projection.Token, tokenstate.Verdict, bool) {
	return s.Gate.Known.Best(realm, user, clientID, func(t projection.Token) bool {
		return t.Custody == custodySealed && !tried[seatOf(t.Token)]
	})
}

const (
	custodySealed  = "sealed"
	custodyTracked = "tracked"
)

// dead says why there is no access token, and where the user can get a new offline token.
func (s *Service) dead(realm string, v tokenstate.Verdict) *problem.Problem {
	p := problem.New(http.StatusConflict, "offline-token-revoked", v.Reason, "the user's offline token is revoked: have the user log in again")
	if v.State == tokenstate.Suspended {
		p = problem.New(http.StatusConflict, "offline-token-suspended", v.Reason, "Keycloak would refuse the user's offline token now; it may work again")
	}
	p.Since, p.EventID, p.LoginURL, p.RetryAt = v.Since.Instant(), v.Cause, s.Gate.Realms[realm].LoginURL, v.RetryAt.Instant()
	if v.RetryAt != 0 {
		p = p.RetryIn(v.RetryAt.Time().Sub(s.Gate.DatabaseTime()))
	}
	return p
}

func (s *Service) given(a access, source string) *accessAnswer {
	out := &accessAnswer{}
	out.Body.AccessToken = a.text.Reveal()
	out.Body.ExpiresIn = int(a.expires.Sub(s.Gate.LocalTime()) / time.Second)
	out.Body.Source = source
	return out
}
