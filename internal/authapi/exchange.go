package authapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// exchangeAdvice says who can mend a refused exchange. Its keys are Refusal.Reason's of Exchange;
// every other reason is about our own credential.
var exchangeAdvice = map[string]string{
	"exchange_not_enabled":   "switch on standard token exchange for authapi's client in Keycloak (26.2 or later), or leave audience out",
	"audience_not_available": "the user has no role at that client, and no client scope names it",
	"no_such_audience":       "the realm has no such client",
}

// reasonSubject: Keycloak does not take the access token that is to be exchanged.
const reasonSubject = "subject_refused"

// mayExchange: a key that a user holds gets what it was made for, and nothing for other services.
func mayExchange(ctx context.Context) *Problem {
	if _, ok := ctx.Value(serviceCaller).(projection.ServiceKey); ok {
		return nil
	}
	return problem(http.StatusForbidden, "insufficient-scope", "", "audience is for service credentials with the scope "+ScopeTokensUse)
}

// exchangedAccess gives an access token for another client of the realm, for what calls on in the
// user's name. It is never kept: it dies with the session, and whoever asks is judged each time.
func (s *Server) exchangedAccess(ctx context.Context, in *accessInput) (*accessAnswer, error) {
	if bad := mayExchange(ctx); bad != nil {
		return nil, bad
	}
	for again := false; ; again = true {
		a, source, err := s.bestAccess(ctx, in, again)
		if err != nil {
			return nil, err
		}
		other, err := s.exchange(ctx, a, in.Body.Audience)
		if err == nil {
			return s.given(other, source), nil
		}
		refusal, ok := errors.AsType[*Refusal](err)
		if !ok || refusal.Reason != reasonSubject || again {
			return nil, s.notExchanged(ctx, err)
		}
		s.forget(a.of) // a fresh one says what became of the session
	}
}

func (s *Server) exchange(ctx context.Context, a access, audience string) (access, error) {
	leave, bad := s.mayWait()
	if bad != nil {
		return access{}, bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	if bad := s.slot(ctx); bad != nil {
		return access{}, bad
	}
	defer func() { <-s.access.slots }()
	g, err := s.Realms[a.of.Realm].Keycloak.Exchange(ctx, a.text, audience)
	if err != nil {
		return access{}, err //nolint:wrapcheck // it says what failed
	}
	if v := s.Known.Judge(a.of); !s.worthTrying(v) && v.Reason != tokenstate.ReasonRefused { // a fact came meanwhile
		return access{}, s.dead(a.of.Realm, v)
	}
	return access{of: a.of, text: g.Access, expires: s.now().Add(g.Expires)}, nil
}

func (s *Server) notExchanged(ctx context.Context, err error) error {
	if bad, ok := errors.AsType[*Problem](err); ok {
		return bad
	}
	refusal, ok := errors.AsType[*Refusal](err)
	switch {
	case !ok:
		s.log(ctx).Warn().Err(err).Msg("exchange without an answer")
		return s.noAnswer(err)
	case refusal.Reason == reasonSubject:
		return problem(http.StatusConflict, "exchange-refused", reasonSubject, "Keycloak does not take the user's fresh access token for an exchange")
	case exchangeAdvice[refusal.Reason] != "":
		return problem(http.StatusConflict, "exchange-refused", refusal.Reason, exchangeAdvice[refusal.Reason])
	}
	s.log(ctx).Error().Str("error", refusal.Code).Msg("Keycloak refuses us an exchange: check KEYCLOAK_CLIENT_ID and its secret")
	return s.noAnswer(nil)
}
