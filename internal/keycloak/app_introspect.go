package keycloak

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Introspection is Keycloak's answer about one refresh token. If not Active all
// else is empty, and the reason is not told.
type Introspection struct {
	Active   bool   `json:"active"`
	Type     string `json:"typ"` // "Offline" or "Refresh"
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	ClientID string `json:"azp"`
	Session  string `json:"sid"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"` // seconds
	Expires  int64  `json:"exp"` // seconds; 0 = never
}

// Introspect asks about a refresh token as its own client (since 26.6 no other
// may), with token_type_hint=refresh_token: without the hint Keycloak applies
// the check for access tokens. It checks signature, client, all three cuts, user,
// sessions and offline access, and does not move the idle clock; it does not
// know consent (measured; keycloak.md F). Keycloak fires INTROSPECT_TOKEN.
// gocloak's RetrospectToken sends another hint, hence our own request.
// Any answer but 200 is *UnavailableError: it is about us, not about the token.
func (a *App) Introspect(ctx context.Context, token secret.Text) (Introspection, error) {
	var out Introspection
	ans, err := a.conn.form(ctx, spec{name: "introspection", want: object, reads: true}, "token/introspect", map[string]string{
		"token": token.Reveal(), "token_type_hint": "refresh_token",
	}, &out)
	switch {
	case err != nil:
		return Introspection{}, err
	case ans.status >= 300:
		return Introspection{}, ans.unknown("introspection refused; check the client's id and secret, and that it and the realm are enabled")
	case !out.Active:
		return Introspection{}, nil
	case out.Issuer == "" || out.ClientID == "" || out.IssuedAt <= 0:
		return Introspection{}, ans.unknown("an active token without iss, azp or iat")
	}
	return out, nil
}
