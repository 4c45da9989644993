package tokens

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi/audit"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// maxExchanges bounds calls to Keycloak at once. They have places of their own: nothing of an
// exchange is kept, so that a busy service could take those of refreshes.
const maxExchanges = 8

// exchangeAdvice says who can mend a refused exchange, by Refusal.Reason. A reason that is not
// here is about authapi's own credential.
var exchangeAdvice = map[string]string{
	"exchange_not_enabled":   "switch on standard token exchange for authapi's client in Keycloak (26.2 or later), or leave audience out",
	"audience_not_available": "the user has no role at that client, and no client scope names it",
	"no_such_audience":       "the realm has no such client",
	"exchange_refused":       "Keycloak refuses the exchange; its words are in authapi's log",
	reasonSubject:            "Keycloak does not take the user's fresh access token for an exchange",
}

// reasonSubject: Keycloak does not take the access token that is to be exchanged.
const reasonSubject = "subject_refused"

// mayExchange: a key that a user holds gets what it was made for, and nothing for other services.
func mayExchange(ctx context.Context) *problem.Problem {
	if web.ByService(ctx) {
		return nil
	}
	return problem.New(http.StatusForbidden, "insufficient-scope", "",
		"audience is for service credentials with the scope "+gate.ScopeTokensUse)
}

// exchangedAccess gives an access token for another client of the realm, for what calls on in the
// user's name. It is never kept: it dies with the session, and whoever asks is judged each time.
func (s *Service) exchangedAccess(ctx context.Context, in *accessInput) (*accessAnswer, error) {
	if bad := mayExchange(ctx); bad != nil {
		return nil, bad
	}
	for fresh := false; ; fresh = true {
		a, reused, err := s.bestAccess(ctx, in, fresh)
		if err != nil {
			return nil, err
		}
		other, err := s.exchange(ctx, a, reused, *in.Body.Audience)
		if err == nil {
			s.noteExchange(ctx, in)
			return s.given(other, sourceOf(a, reused)), nil
		}
		refusal, ok := errors.AsType[*idp.RefusalError](err)
		if !ok || refusal.Reason != reasonSubject || fresh || sourceOf(a, reused) == "refresh" {
			return nil, s.notExchanged(ctx, err)
		}
		s.forget(a.of) // a fresh one says what became of the session
	}
}

func (s *Service) exchange(ctx context.Context, a access, reused bool, audience string) (access, error) {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return access{}, bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	if !gate.Wait(ctx, s.access.exchanges) {
		s.Gate.Metrics.Shed("exchange")
		return access{}, problem.Overloaded()
	}
	defer func() { <-s.access.exchanges }()
	began := s.Gate.LocalTime()
	g, err := s.Gate.Realms[a.of.Realm].Keycloak.Exchange(ctx, a.text, audience)
	if err != nil {
		return access{}, err
	}
	if v := s.Gate.Known.Judge(a.of); s.withheld(v, reused) { // a fact came meanwhile
		return access{}, s.dead(a.of.Realm, v)
	}
	return access{of: a.of, text: g.Access, expires: began.Add(g.Expires)}, nil
}

func (s *Service) notExchanged(ctx context.Context, err error) error {
	if bad, ok := errors.AsType[*problem.Problem](err); ok {
		return bad
	}
	refusal, ok := errors.AsType[*idp.RefusalError](err)
	if ok && exchangeAdvice[refusal.Reason] != "" {
		s.Gate.Log(ctx).Warn().Str("error", refusal.Code).Str("description", refusal.Description).Msg("Keycloak refuses an exchange")
		return problem.New(http.StatusConflict, "exchange-refused", refusal.Reason, exchangeAdvice[refusal.Reason])
	}
	s.Gate.Log(ctx).Error().Err(err).Msg("no exchange: Keycloak does not answer, or refuses KEYCLOAK_CLIENT_ID or its secret")
	return problem.Unavailable("identity-provider-unavailable", "Keycloak does not exchange now: try again")
}

// noteExchange: which service a token was for stands in the body, and belongs into the audit.
func (s *Service) noteExchange(ctx context.Context, in *accessInput) {
	if s.Door.Trail == nil {
		return
	}
	caller := web.ServiceOf(ctx)
	target := url.URL{
		Path:     strings.Replace(web.AccessTokenPath, "{user_id}", in.UserID, 1),
		RawQuery: url.Values{"audience": {redact.Text(*in.Body.Audience)}}.Encode(),
	}
	s.Door.Trail.Add(audit.Act{
		At: s.Gate.LocalTime(), Realm: caller.Realm, Actor: "service:" + caller.Name, Action: "exchange", Target: redact.Target(target.String()),
		Status: http.StatusOK,
	}, true)
}
