package canary

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// User is the canary's user at a real Keycloak. It implements Keycloak.
type User struct {
	App      *keycloak.App
	Name     string
	Password secret.Text
}

// Login implements Keycloak.
func (u User) Login(ctx context.Context) (Session, error) {
	g, err := u.App.Login(ctx, u.Name, u.Password)
	if err != nil {
		return Session{}, err
	}
	c, err := keycloak.ParseOffline(g.RefreshToken)
	if err != nil {
		return Session{}, err
	}
	id := client.TokenID{UserID: c.Subject, ClientID: c.ClientID, SessionID: c.Session, IssuedAt: c.IssuedAt, Scope: c.Scope, Issuer: c.Issuer}
	if c.Expires > 0 {
		ends := time.Unix(c.Expires, 0)
		id.ExpiresAt = &ends
	}
	return Session{ID: id, Token: g.RefreshToken}, nil
}

// Logout implements Keycloak.
func (u User) Logout(ctx context.Context, s Session) error {
	_, err := u.App.Logout(ctx, s.Token)
	return err
}

// Refuses implements Keycloak.
func (u User) Refuses(ctx context.Context, s Session) (bool, error) {
	_, err := u.App.Refresh(ctx, s.Token)
	if r := (*keycloak.RefusedError)(nil); errors.As(err, &r) && r.Class.Records() {
		return true, nil
	}
	return false, err
}

// SetEnabled implements Keycloak.
func (u User) SetEnabled(ctx context.Context, userID string, enabled bool) error {
	return u.App.SetEnabled(ctx, userID, enabled)
}
