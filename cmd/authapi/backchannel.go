package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/logouttoken"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// backChannel is what back-channel logout needs.
type backChannel struct{ algorithms, networks string }

func (b *backChannel) addTo(t *settings.Table) {
	t.Text(&b.algorithms, "AUTHAPI_LOGOUT_ALGS", "RS256", "what logout tokens may be signed with, separated by commas")
	t.Text(&b.networks, "AUTHAPI_KEYCLOAK_NETWORKS", "", "private networks that KEYCLOAK_URL's host may lie in when its keys are fetched, such as 10.0.0.0/8, separated by commas")
}

// senders are all realms whose logout tokens are taken.
func (b *backChannel) senders(all []realmConfig, realms idp.Realms) (adapters.LogoutTokens, error) {
	networks, err := prefixes(b.networks)
	if err != nil {
		return nil, err
	}
	senders := adapters.LogoutTokens{}
	for _, r := range all {
		issuer := realms[r.Realm].Keycloak.Issuer
		v, err := logouttoken.New(logouttoken.Config{
			Issuer: issuer, Networks: networks, Algorithms: list(b.algorithms), KeysURL: r.keysURL(),
		})
		if err != nil {
			return nil, fmt.Errorf("%w: AUTHAPI_LOGOUT_ALGS, or the Keycloak URL of realm %q: %w", settings.ErrConfiguration, r.Realm, err)
		}
		senders[r.Realm] = adapters.Sender{Verifier: v, Issuer: issuer}
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
