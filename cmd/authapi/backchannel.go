package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/logouttoken"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// backChannel is what back-channel logout needs.
type backChannel struct{ algorithms, networks string }

func (b *backChannel) addTo(t *settings.Table) {
	t.Text(&b.algorithms, "AUTHAPI_LOGOUT_ALGS", "RS256", "what logout tokens may be signed with, separated by commas")
	t.Text(&b.networks, "AUTHAPI_KEYCLOAK_NETWORKS", "", "private networks that KEYCLOAK_URL's host may lie in when its keys are fetched, such as 10.0.0.0/8, separated by commas")
}

// join lets s take logout tokens. The keys' address is built from the configured URL, and never
// taken from a document or a token.
func (b *backChannel) join(s *authapi.Server, c *config, st *postgres.Store, issuer func(context.Context) (string, error)) error {
	networks, err := prefixes(b.networks)
	if err != nil {
		return err
	}
	v, err := logouttoken.New(logouttoken.Config{
		Issuer: issuer, ClientID: c.clientID, Networks: networks, Algorithms: list(b.algorithms),
		KeysURL: c.keycloakURL + "/realms/" + url.PathEscape(c.realm) + "/protocol/openid-connect/certs",
	})
	if err != nil {
		return fmt.Errorf("%w: AUTHAPI_LOGOUT_ALGS or KEYCLOAK_URL: %w", settings.ErrConfiguration, err)
	}
	s.LogoutTokens, s.Logouts = logoutTokens{v}, logouts{st}
	return nil
}

func prefixes(text string) (all []netip.Prefix, err error) {
	for _, one := range list(text) {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			return nil, fmt.Errorf("%w: AUTHAPI_KEYCLOAK_NETWORKS holds what is not a network, such as 10.0.0.0/8", settings.ErrConfiguration)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

func list(text string) (all []string) {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

type logoutTokens struct{ *logouttoken.Verifier }

func (l logoutTokens) Verify(ctx context.Context, raw secret.Text) (authapi.LogoutToken, error) {
	t, err := l.Verifier.Verify(ctx, raw.Reveal())
	if bad, ok := errors.AsType[*logouttoken.Invalid](err); ok {
		return authapi.LogoutToken{}, &authapi.BadLogoutToken{Reason: bad.Reason, Cause: bad.Cause}
	}
	return authapi.LogoutToken{ID: t.ID, User: t.User, Session: t.Session}, err //nolint:wrapcheck // joins only
}

type logouts struct{ *postgres.Store }

func (l logouts) OrderByLogout(ctx context.Context, id string, m events.Message) (int64, error) {
	version, err := l.Store.OrderByLogout(ctx, id, m)
	if errors.Is(err, postgres.ErrReplayed) {
		err = authapi.ErrReplayed
	}
	return version, err //nolint:wrapcheck // joins only
}
