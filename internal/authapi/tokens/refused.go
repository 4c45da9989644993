package tokens

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// refused remembers Keycloak's word on exactly this token, and closes it for a while that
// doubles each time. What is not about the token is not remembered.
func (s *Service) refused(ctx context.Context, t tokenstate.Token, r *idp.RefusalError) *problem.Problem {
	if !r.Records {
		return s.refusesUs(ctx, r)
	}
	s.Metrics.refreshed(outcomeRefused)
	s.forget(t)
	before := s.Gate.Known.Judge(t)
	o := &events.Order{Refused: true, Error: r.Code, ErrorDescription: r.Description}
	at := s.outcome(ctx, t, ownRefresh, o)
	if v := s.Gate.Known.Judge(t); v.State == tokenstate.Revoked || v.State == tokenstate.Suspended && v.Since != before.Since {
		return s.dead(t.Realm, v)
	}
	// Not seen here yet, or not stored: the answer is the same.
	return s.dead(t.Realm, tokenstate.Verdict{State: tokenstate.Suspended, Reason: tokenstate.ReasonRefused, Since: at, RetryAt: o.RetryAt})
}

// clientAdvice says what mends a refusal that is about authapi's client, by Refusal.Reason.
var clientAdvice = map[string]string{
	"invalid_client":      "check that the client is enabled, and KEYCLOAK_CLIENT_ID and its secret (was it regenerated?)",
	"unauthorized_client": "check what the client is allowed in Keycloak, and whether it demands a client certificate",
	"proof_missing":       "the client demands DPoP or a client attestation, which authapi does not send: switch that off for this client",
	"client_mismatch":     "the token is of another client than KEYCLOAK_CLIENT_ID, or the client was renamed",
	"issuer_mismatch":     "Keycloak's own address, or the realm's name or frontendUrl, has changed since the token was issued: change it back, or have the user log in again",
}

// refusesUs answers a refusal that is about our client or its settings. It says nothing about the
// token, and, unlike a Keycloak that is away, repeating the call does not mend it: so the answer
// names the cause and promises nothing.
func (s *Service) refusesUs(ctx context.Context, r *idp.RefusalError) *problem.Problem {
	s.Metrics.refreshed(outcomeRefused)
	advice := cmp.Or(clientAdvice[r.Reason], "look for Keycloak's words in authapi's log")
	s.Gate.Log(ctx).Error().Str("error", r.Code).Str("reason", r.Reason).Msg("Keycloak refuses authapi's client, not the token: " + advice)
	return problem.New(http.StatusServiceUnavailable, "identity-provider-unavailable", r.Reason,
		"Keycloak refuses authapi's client, which says nothing about the token; somebody must mend it: "+advice).RetryIn(mendPause)
}

// mendPause is when to ask again where a person has to act first.
const mendPause = time.Minute

// ownRefresh is who saw the outcome of a refresh of our own.
const ownRefresh = "authapi"

// outcome tells everybody how a refresh went. It fills in RetryAt.
func (s *Service) outcome(ctx context.Context, t tokenstate.Token, by string, o *events.Order) tokenstate.Millis {
	at, version, err := s.submitOutcome(ctx, t, by, o)
	if err != nil {
		s.Gate.Log(ctx).Error().Err(err).Msg("the outcome of a refresh was not stored: it will be learnt again")
		return at
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.Gate.Known.WaitVersion(short, version) // best effort: the caller sees its own refusal
	return at
}

// submitOutcome writes the order that says how a refresh went and who saw it. It fills in RetryAt.
func (s *Service) submitOutcome(ctx context.Context, t tokenstate.Token, by string,
	o *events.Order,
) (at tokenstate.Millis, version int64, err error) {
	at, err = s.Orders.Now(ctx)
	if err != nil {
		at = tokenstate.Millis(s.Gate.LocalTime().UnixMilli())
	}
	o.Order, o.By = events.OrderRefresh, by
	o.User, o.Client, o.ClientID, o.Session, o.IssuedAt = t.User, t.Client, t.ClientID, t.Session, t.IssuedAt
	if o.Refused {
		o.RetryAt = at + untilRetry(s.Gate.Known.Judge(t))
	}
	if err != nil {
		return at, 0, err
	}
	version, err = s.Orders.Submit(ctx, orders.New(t.Realm, at, o))
	return at, version, err
}

// Pauses after refusals: twice the last one, from a minute to a day. The last is what lies
// between the standing refusal and its next attempt, so that nobody has to count.
const (
	firstPause tokenstate.Millis = 60_000
	lastPause  tokenstate.Millis = 24 * 3600_000
)

// untilRetry is how long a token that was refused is not tried.
func untilRetry(v tokenstate.Verdict) tokenstate.Millis {
	if v.Reason != tokenstate.ReasonRefused || v.RetryAt <= v.Since {
		return firstPause
	}
	return min(2*(v.RetryAt-v.Since), lastPause)
}
