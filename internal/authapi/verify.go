package authapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxAhead is how far a token's iat may lie in the future: beyond it, it would outlive every
// revocation that compares iat.
const maxAhead tokenstate.Seconds = 60

// maxSeconds is the last second of the year 9999.
const maxSeconds tokenstate.Seconds = 253402300799

func unprocessable(slug, detail string) *Problem {
	return problem(http.StatusUnprocessableEntity, slug, "", detail)
}

func (s *Server) trackable(t tokenstate.Token, scope string) *Problem {
	switch {
	case t.User == "" || t.ClientID == "" || t.Session == "" || t.IssuedAt == 0:
		return unprocessable("invalid-request", "a tracked token needs user_id, client_id, session_id and issued_at")
	case secretIn(append(strings.Fields(scope), t.User, t.ClientID, t.Session, t.Issuer)...):
		return secretForID()
	case !plain(t.User) || !plain(t.ClientID) || !plain(t.Session) || !plain(scope) || !plain(t.Issuer):
		return unprocessable("invalid-request", "ids, scopes and issuers are printable, without control characters")
	case t.Expires < 0 || t.Expires > maxSeconds:
		return unprocessable("invalid-request", "expires_at lies outside of the years 1970 to 9999")
	}
	return s.notFromTheFuture(t)
}

func secretForID() *Problem {
	return unprocessable("invalid-request", "a key or a token stands where an id or a name belongs")
}

func (s *Server) notFromTheFuture(t tokenstate.Token) *Problem {
	if t.IssuedAt > tokenstate.Seconds(s.clock().Unix())+maxAhead {
		return unprocessable("token-from-the-future", "the token's iat lies in the future: check the clocks")
	}
	return nil
}

// verify asks Keycloak about a token, once, and never by refreshing it. While Keycloak is away
// the token is stored unverified: then it is never preferred to a verified one.
func (s *Server) verify(ctx context.Context, realm string, raw secret.Text) (Given, *Problem) {
	leave, bad := s.mayWait()
	if bad != nil {
		return Given{}, bad
	}
	defer leave()
	g, bad := s.claimed(ctx, realm, raw)
	if bad != nil {
		return g, bad
	}
	seen, err := s.Realms[realm].Keycloak.Introspect(ctx, raw)
	switch {
	case err != nil && g.Token.User == "":
		return g, unavailable("identity-provider-unavailable", "Keycloak does not answer, and the token does not say whose it is: try again")
	case err != nil:
		s.log(ctx).Warn().Err(err).Msg("an offline token is stored unverified")
		return g, nil
	case !seen.Active:
		return g, unprocessable("inactive-token", "Keycloak says that the token is not active: have the user log in again")
	case g.Token.User == "":
		g.Token.User = seen.User
	}
	seen.Issuer = g.Token.Issuer // ownToken has compared it, and not every Keycloak repeats it
	if !seen.Offline || tokenOf(realm, seen.Claims) != g.Token {
		return g, unprocessable("not-an-offline-token", "Keycloak's word on the token differs from what it says itself")
	}
	g.Verified = true
	return g, nil
}

// Adopt reads a token that another system has kept. It refuses what PUT /v1/offline-tokens would,
// and asks nobody whether the token lives: the next look tells, and a refresh would restart the
// idle clock of everybody's session. An error is a *Problem.
func (s *Server) Adopt(ctx context.Context, realm string, raw secret.Text) (Given, error) {
	g, bad := s.claimed(ctx, realm, raw)
	if bad != nil {
		return Given{}, bad
	}
	return g, nil
}

// claimed is what the token says of itself, if that is acceptable.
func (s *Server) claimed(ctx context.Context, realm string, raw secret.Text) (Given, *Problem) {
	of := s.Realms[realm]
	claims, err := of.Keycloak.Parse(raw)
	if err != nil {
		return Given{}, unprocessable("not-an-offline-token", "refresh_token is not a token of Keycloak")
	}
	g := Given{Token: tokenOf(realm, claims), Text: raw, Scope: claims.Scope}
	return g, s.acceptable(ctx, of, claims, g.Token)
}

// ownToken refuses another realm's or client's token: since 26.6 only its own client may
// introspect it. The issuer is compared only when it can be had: discovery may be away as well.
func (s *Server) ownToken(ctx context.Context, of Realm, c Claims) *Problem {
	issuer, err := of.Keycloak.Issuer(ctx)
	if err != nil && len(s.Realms) > 1 { // two realms may have a client of the same name
		return unavailable("identity-provider-unavailable", "Keycloak does not answer, and which realm the token is of is not known: try again")
	}
	if c.ClientID != of.ClientID || err == nil && issuer != c.Issuer {
		return unprocessable("foreign-token", "the token is of another realm or another client than the credential's")
	}
	return nil
}

// acceptable checks what the token says of itself.
func (s *Server) acceptable(ctx context.Context, of Realm, c Claims, t tokenstate.Token) *Problem {
	if !c.Offline {
		return unprocessable("not-an-offline-token", "this is an online token: log in with scope offline_access")
	}
	if bad := s.ownToken(ctx, of, c); bad != nil {
		return bad
	}
	return s.notFromTheFuture(t)
}

func tokenOf(realm string, c Claims) tokenstate.Token {
	return tokenstate.Token{Realm: realm, User: c.User, ClientID: c.ClientID, Session: c.Session, IssuedAt: c.IssuedAt, Expires: c.Expires, Issuer: tokenstate.Spelt(c.Issuer)}
}

// plain ids fit a row, a log line and a subject's neighbourhood.
func plain(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}

func cursorOf(t projection.Token) string { return t.Token.ClientID + " " + t.Token.Session }

func inOrder(ts []projection.Token) []projection.Token {
	ts = slices.Clone(ts)
	slices.SortFunc(ts, func(a, b projection.Token) int { return strings.Compare(cursorOf(a), cursorOf(b)) })
	return ts
}
