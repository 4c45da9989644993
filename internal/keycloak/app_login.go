package keycloak

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Login logs a user in by password, with scope offline_access: its RefreshToken is an offline token.
// It is for a user of our own (the canary): people's passwords are for Keycloak's pages only. The client
// must allow direct access grants. The error is *UnavailableError, also where Keycloak refuses: that says
// nothing of a token.
func (a *App) Login(ctx context.Context, user string, password secret.Text) (Grant, error) {
	g, err := a.grant(ctx, spec{name: "login", want: object}, secret.Text{}, map[string]string{
		"grant_type": "password", "username": user, "password": password.Reveal(), "scope": "openid offline_access",
	})
	if r := (*RefusedError)(nil); errors.As(err, &r) {
		return Grant{}, &UnavailableError{
			Call: "login", Status: r.Status, Code: r.Code, Sent: true,
			Reason: "refused; check user, password, that the client allows direct access grants, and that the user has the role offline_access",
		}
	}
	return g, err
}
