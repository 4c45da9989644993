package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
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

// senders are all realms whose logout tokens are taken.
func (b *backChannel) senders(all []realmConfig, realms idp.Realms) (logoutTokens, error) {
	networks, err := prefixes(b.networks)
	if err != nil {
		return nil, err
	}
	senders := logoutTokens{}
	for _, r := range all {
		issuer := realms[r.Realm].Keycloak.Issuer
		v, err := logouttoken.New(logouttoken.Config{
			Issuer: issuer, Networks: networks, Algorithms: list(b.algorithms), KeysURL: r.keysURL(),
		})
		if err != nil {
			return nil, fmt.Errorf("%w: AUTHAPI_LOGOUT_ALGS, or the Keycloak URL of realm %q: %w", settings.ErrConfiguration, r.Realm, err)
		}
		senders[r.Realm] = sender{v, issuer}
	}
	return senders, nil
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

// sender is a realm whose logout tokens are taken.
type sender struct {
	*logouttoken.Verifier
	issuer func(context.Context) (string, error)
}

// logoutTokens joins the verifiers of all realms, by name, to tokens.LogoutTokens.
type logoutTokens map[string]sender

func (l logoutTokens) Verify(ctx context.Context, raw secret.Text) (tokens.LogoutToken, error) {
	realm, err := l.realmOf(ctx, raw.Reveal())
	var t logouttoken.Token
	if err == nil {
		t, err = l[realm].Verify(ctx, raw.Reveal())
	}
	if bad, ok := errors.AsType[*logouttoken.Invalid](err); ok {
		return tokens.LogoutToken{}, &tokens.BadLogoutToken{Reason: bad.Reason, Cause: bad.Cause}
	}
	return tokens.LogoutToken{Realm: realm, ID: t.ID, User: t.User, Session: t.Session, Audience: t.Audience}, err //nolint:wrapcheck // joins only
}

// realmOf chooses who verifies, by the issuer that the token names: the verifier holds the token
// to its own. With one realm there is nothing to choose.
func (l logoutTokens) realmOf(ctx context.Context, raw string) (string, error) {
	if len(l) == 1 {
		for realm := range l {
			return realm, nil
		}
	}
	named, err := logouttoken.Issuer(raw)
	if err != nil {
		return "", err //nolint:wrapcheck // it says why the token is refused
	}
	var away error
	for realm, s := range l {
		issuer, err := s.issuer(ctx)
		if err == nil && issuer == named {
			return realm, nil
		}
		away = errors.Join(away, err)
	}
	if away != nil {
		return "", away
	}
	return "", &logouttoken.Invalid{Reason: "the issuer is not one that is served here"}
}

type logouts struct{ *postgres.Store }

func (l logouts) OrderByLogout(ctx context.Context, id string, m events.Message) (int64, error) {
	version, err := l.Store.OrderByLogout(ctx, id, m)
	if errors.Is(err, postgres.ErrReplayed) {
		err = tokens.ErrReplayed
	}
	return version, err //nolint:wrapcheck // joins only
}
