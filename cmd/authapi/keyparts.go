package main

import (
	"net/netip"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// keyConfig is what can be told about keys and limits.
type keyConfig struct {
	orgCheck             string
	keyRate, failureRate int
	trustedProxies       []netip.Prefix
}

func (c *keyConfig) addTo(t *settings.Table) {
	t.Choice(&c.orgCheck, "AUTHAPI_ORG_CHECK", []string{"caller", "members"}, "who vouches that a key's owner belongs to its organization: who made the key, or the members stored here")
	t.Int(&c.keyRate, "AUTHAPI_KEY_RATE", 1000, 0, 1_000_000, "requests a second that one key may make, twice as many at once; 0: any")
	t.Int(&c.failureRate, "AUTHAPI_FAILURE_RATE", 5, 0, 1_000_000, "unknown credentials a second from one address before they are answered 429, twenty times as many at once; 0: any")
	t.Networks(&c.trustedProxies, "AUTHAPI_TRUSTED_PROXIES", "networks whose X-Forwarded-For is believed, separated by commas")
}
