package tokens

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxAhead is how far a token's iat may lie in the future: beyond it, it would outlive every
// revocation that compares iat.
const maxAhead tokenstate.Seconds = 60

// Reader reads offline tokens, and refuses those that are not kept here, by what they say of themselves.
type Reader struct {
	Realms idp.Realms
	Clock  func() time.Time
}

func (s *Service) reader() Reader { return Reader{s.Gate.Realms, s.Gate.DatabaseTime} }

// Adopt reads a token that another system has kept. It refuses what PUT /v1/offline-tokens would,
// and asks nobody whether the token lives: the next look tells, and a refresh would restart the
// idle clock of everybody's session. An error is a *problem.Problem.
func (r Reader) Adopt(ctx context.Context, realm string, raw secret.Text) (Given, error) {
	g, bad := r.claimed(ctx, realm, raw)
	if bad != nil {
		return Given{}, bad
	}
	return g, nil
}

// claimed is what the token says of itself, if that is acceptable.
func (r Reader) claimed(ctx context.Context, realm string, raw secret.Text) (Given, *problem.Problem) {
	of := r.Realms[realm]
	claims, err := of.Keycloak.Parse(raw)
	if err != nil {
		return Given{}, problem.Unprocessable("not-an-offline-token", "refresh_token is not a token of Keycloak")
	}
	g := Given{Token: tokenOf(realm, claims), Text: raw, Scope: claims.Scope}
	return g, r.acceptable(ctx, of, claims, g.Token)
}

// ownToken refuses another realm's or client's token: since 26.6 only its own client may
// introspect it. The issuer is compared only when it can be had: discovery may be away as well.
func (r Reader) ownToken(ctx context.Context, of idp.Realm, c idp.Claims) *problem.Problem {
	issuer, err := of.Keycloak.Issuer(ctx)
	if err != nil && len(r.Realms) > 1 { // two realms may have a client of the same name
		return problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer, and which realm the token is of is not known: try again")
	}
	if c.ClientID != of.ClientID || err == nil && issuer != c.Issuer {
		return problem.Unprocessable("foreign-token", "the token is of another realm or another client than the credential's")
	}
	return nil
}

// acceptable checks what the token says of itself.
func (r Reader) acceptable(ctx context.Context, of idp.Realm, c idp.Claims, t tokenstate.Token) *problem.Problem {
	if !c.Offline {
		return problem.Unprocessable("not-an-offline-token", "this is an online token: log in with scope offline_access")
	}
	if bad := r.ownToken(ctx, of, c); bad != nil {
		return bad
	}
	return r.notFromTheFuture(t)
}

func (r Reader) notFromTheFuture(t tokenstate.Token) *problem.Problem {
	if t.IssuedAt > tokenstate.Seconds(r.Clock().Unix())+maxAhead {
		return problem.Unprocessable("token-from-the-future", "the token's iat lies in the future: check the clocks")
	}
	return nil
}

func tokenOf(realm string, c idp.Claims) tokenstate.Token {
	return tokenstate.Token{
		Realm: realm, User: c.User, ClientID: c.ClientID, Session: c.Session, IssuedAt: c.IssuedAt,
		Expires: c.Expires, Issuer: tokenstate.Spelt(c.Issuer),
	}
}
