package tokens

import (
	"context"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxSeconds is the last second of the year 9999.
const maxSeconds tokenstate.Seconds = 253402300799

func (s *Service) trackable(t tokenstate.Token, scope string) *problem.Problem {
	switch {
	case t.User == "" || t.ClientID == "" || t.Session == "" || t.IssuedAt == 0:
		return problem.Unprocessable("invalid-request", "a tracked token needs user_id, client_id, session_id and issued_at")
	case redact.Secret(append(strings.Fields(scope), t.User, t.ClientID, t.Session, t.Issuer)...):
		return problem.SecretForID()
	case !gate.Plain(t.User) || !gate.Plain(t.ClientID) || !gate.Plain(t.Session) || !gate.Plain(scope) || !gate.Plain(t.Issuer):
		return problem.Unprocessable("invalid-request", "ids, scopes and issuers are printable, without control characters")
	case t.Expires < 0 || t.Expires > maxSeconds:
		return problem.Unprocessable("invalid-request", "expires_at lies outside of the years 1970 to 9999")
	}
	return s.reader().notFromTheFuture(t)
}

// verify asks Keycloak about a token, once, and never by refreshing it. While Keycloak is away
// the token is stored unverified: then it is never preferred to a verified one.
func (s *Service) verify(ctx context.Context, realm string, raw secret.Text) (Given, *problem.Problem) {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return Given{}, bad
	}
	defer leave()
	g, bad := s.reader().claimed(ctx, realm, raw)
	if bad != nil {
		return g, bad
	}
	seen, err := s.Gate.Realms[realm].Keycloak.Introspect(ctx, raw)
	switch {
	case err != nil && g.Token.User == "":
		return g, problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer, and the token does not say whose it is: try again")
	case err != nil:
		s.Gate.Log(ctx).Warn().Err(err).Msg("an offline token is stored unverified")
		return g, nil
	case !seen.Active:
		return g, problem.Unprocessable("inactive-token", "Keycloak says that the token is not active: have the user log in again")
	case g.Token.User == "":
		g.Token.User = seen.User
	}
	seen.Issuer = g.Token.Issuer // ownToken has compared it, and not every Keycloak repeats it
	if !seen.Offline || tokenOf(realm, seen.Claims) != g.Token {
		return g, problem.Unprocessable("not-an-offline-token", "Keycloak's word on the token differs from what it says itself")
	}
	g.Verified = true
	return g, nil
}

func cursorOf(t projection.Token) string { return t.Token.ClientID + " " + t.Token.Session }

func inOrder(ts []projection.Token) []projection.Token {
	ts = slices.Clone(ts)
	slices.SortFunc(ts, func(a, b projection.Token) int { return strings.Compare(cursorOf(a), cursorOf(b)) })
	return ts
}
