package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/logouttoken"
)

// Leave implements console.Leaver. It asks the issuer's logout endpoint itself, with the refresh token: a browser that is sent there
// would take an ID token along in the address, for histories and access logs.
func (x *person) Leave(ctx context.Context) error {
	o := x.oidc
	p, err := o.discovered(ctx)
	if err != nil {
		return err
	}
	var found struct {
		Logout string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&found); err != nil || found.Logout == "" {
		return errors.New("the issuer names no end_session_endpoint")
	}
	form := url.Values{"client_id": {o.ClientID}, "client_secret": {o.Secret.Reveal()}, "refresh_token": {x.refresh.Reveal()}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, found.Logout, strings.NewReader(form.Encode()))
	if err != nil {
		return errors.New("the issuer's end_session_endpoint is no URL")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := httpClient.Do(r)
	if err != nil {
		return fmt.Errorf("ask the issuer to end a login: %w", err)
	}
	_ = res.Body.Close()
	switch {
	case res.StatusCode < 300, res.StatusCode == http.StatusBadRequest: // it is over there already
		return nil
	default:
		return fmt.Errorf("the issuer answered %s to a logout", res.Status)
	}
}

// everywhere: where the issuer's host lies is no question here, for the same host is told the client's secret.
var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// verifier is made once; it makes no call before it has a token to look at. Keycloak has its keys at this address.
func (o *OIDC) verifier() (*logouttoken.Verifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	if o.logouts == nil {
		o.logouts, err = logouttoken.New(logouttoken.Config{
			Issuer: func(context.Context) (string, error) { return o.Issuer, nil }, Networks: everywhere,
			KeysURL: o.Issuer + "/protocol/openid-connect/certs",
		})
	}
	return o.logouts, err
}

// LoggedOut implements console.OIDC.
func (o *OIDC) LoggedOut(ctx context.Context, token string) (subject, session string, err error) {
	v, err := o.verifier()
	if err != nil {
		return "", "", err
	}
	t, err := v.Verify(ctx, token)
	if bad, ok := errors.AsType[*logouttoken.InvalidError](err); ok {
		return "", "", fmt.Errorf("%w: %w", console.ErrOut, bad)
	}
	if err == nil && !slices.Contains(t.Audience, o.ClientID) {
		err = fmt.Errorf("%w: it was sent to another client", console.ErrOut)
	}
	return t.User, t.Session, err
}
