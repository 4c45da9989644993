package adapters

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Provider joins keycloak.App to idp.Provider.
type Provider struct {
	App       *keycloak.App
	Exchanges *keycloak.App // with a breaker of its own: where exchange fails, refresh may work
	KnownAs   string        // KEYCLOAK_ISSUER; "" for what discovery says
}

// Parse implements idp.Provider.
func (p Provider) Parse(raw secret.Text) (idp.Claims, error) {
	c, err := keycloak.ParseRefresh(raw)
	if err != nil {
		return idp.Claims{}, errors.Join(idp.ErrUnreadable, err)
	}
	return idp.Claims{
		Issuer: c.Issuer, User: c.Subject, Session: c.Session, ClientID: c.ClientID,
		IssuedAt: tokenstate.Seconds(c.IssuedAt), Expires: tokenstate.Seconds(c.Expires), Scope: c.Scope, Offline: c.Offline,
	}, nil
}

// Issuer is never built from the URL: behind a proxy the two differ.
func (p Provider) Issuer(ctx context.Context) (string, error) {
	if p.KnownAs != "" {
		return p.KnownAs, nil
	}
	e, err := p.App.Discover(ctx)
	if err != nil {
		return "", fmt.Errorf("find the issuer: %w", err)
	}
	return e.Issuer, nil
}

// Introspect implements idp.Provider.
func (p Provider) Introspect(ctx context.Context, raw secret.Text) (idp.Introspection, error) {
	i, err := p.App.Introspect(ctx, raw)
	if err != nil {
		return idp.Introspection{}, fmt.Errorf("introspect: %w", err)
	}
	return idp.Introspection{Active: i.Active, Claims: idp.Claims{
		Issuer: i.Issuer, User: i.Subject, Session: i.Session, ClientID: i.ClientID,
		IssuedAt: tokenstate.Seconds(i.IssuedAt), Expires: tokenstate.Seconds(i.Expires), Offline: i.Type == "Offline",
	}}, nil
}

// Refresh implements idp.Provider.
func (p Provider) Refresh(ctx context.Context, raw secret.Text) (idp.Grant, error) {
	g, err := p.App.Refresh(ctx, raw)
	if err != nil {
		return idp.Grant{}, refusedOr(err)
	}
	return idp.Grant{Access: g.AccessToken, Expires: g.ExpiresIn, Next: g.RefreshToken}, nil
}

// Exchange implements idp.Provider.
func (p Provider) Exchange(ctx context.Context, access secret.Text, audience string) (idp.Grant, error) {
	g, err := p.Exchanges.Exchange(ctx, access, audience)
	if err != nil {
		return idp.Grant{}, refusedOr(err)
	}
	return idp.Grant{Access: g.AccessToken, Expires: g.ExpiresIn}, nil
}

// refusedOr tells Keycloak's word from the lack of one.
func refusedOr(err error) error {
	if r, ok := errors.AsType[*keycloak.RefusedError](err); ok {
		return &idp.RefusalError{Records: r.Class.Records(), Code: r.Code, Description: r.Description, Reason: r.Reason}
	}
	u, ok := errors.AsType[*keycloak.UnavailableError](err)
	if !ok {
		return err
	}
	return &idp.UnansweredError{Sent: u.Sent, RetryAfter: u.RetryAfter, Cause: err}
}

// Classify implements idp.Provider.
func (p Provider) Classify(status int, code, description string) *idp.RefusalError {
	class, reason := keycloak.Classify(status, code, description)
	return &idp.RefusalError{Records: class.Records(), Code: code, Description: description, Reason: reason}
}

// Logout implements idp.Provider.
func (p Provider) Logout(ctx context.Context, raw secret.Text) (bool, error) {
	r, err := p.App.Logout(ctx, raw)
	if err != nil {
		return false, fmt.Errorf("logout: %w", refusedOr(err))
	}
	return r.AlreadyDead, nil
}

// LookUser implements idp.Provider.
func (p Provider) LookUser(ctx context.Context, user string) (idp.Look, error) {
	l, err := p.App.LookUser(ctx, user)
	if err != nil {
		return idp.Look{}, fmt.Errorf("look at the owner: %w", err)
	}
	return idp.Look{Gone: l.Gone, Enabled: l.Enabled}, nil
}
