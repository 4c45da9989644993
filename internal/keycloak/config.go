package keycloak

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Config says where Keycloak is and who we are.
type Config struct {
	// BaseURL is Keycloak's root, like https://id.example.com or
	// https://example.com/auth. Credentials in it are refused.
	BaseURL string
	// Realm holds our client: the application's realm for App, the
	// administrators' realm (default "master") for Admin.
	Realm string
	// ClientID and ClientSecret are our confidential client's.
	ClientID     string
	ClientSecret secret.Text
	// Names are Keycloak's names of realms that callers know by another one, by
	// that other one.
	Names map[string]string
	// Timeout bounds one attempt of one call, body included. Default 5 s.
	Timeout time.Duration
	// BreakerDelay is how long an open circuit refuses calls. Default 5 s.
	BreakerDelay time.Duration
	// Transport carries the requests, for tracing or a private CA. Default: one
	// of our own with bounded connections.
	Transport http.RoundTripper
}

const (
	defaultTimeout      = 5 * time.Second
	defaultBreakerDelay = 5 * time.Second
	adminRealm          = "master"
)

// normalised fills in the defaults.
func (c Config) normalised() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.BreakerDelay == 0 {
		c.BreakerDelay = defaultBreakerDelay
	}
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	return c
}

// nameOf is Keycloak's name of a realm, where it stands in a query or a body; in paths renamed does it.
func (c Config) nameOf(realm string) string {
	if name, known := c.Names[realm]; known {
		return name
	}
	return realm
}

// validate reports all faults at once and never repeats a value.
func (c Config) validate() error {
	var faults []error
	if !plainURL(c.BaseURL) {
		faults = append(faults, errors.New("keycloak url: want http(s)://host[:port][/path] without user, query or fragment"))
	}
	if !plainID(c.Realm) {
		faults = append(faults, errors.New(`keycloak realm: want a realm's name of 1 to 255 bytes; a realm named "." or ".." cannot be called over HTTP, give it another name`))
	}
	if c.ClientID == "" {
		faults = append(faults, errors.New("keycloak client id: empty"))
	}
	if c.ClientSecret.Empty() {
		faults = append(faults, errors.New("keycloak client secret: empty; the client must be confidential"))
	}
	if c.Timeout < 0 || c.BreakerDelay < 0 {
		faults = append(faults, errors.New("keycloak timeouts: negative"))
	}
	return errors.Join(faults...)
}

func plainURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery
}

// NewTransport is what carries the requests where nobody gives another, for whoever puts something around it.
func NewTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // somebody replaced it; theirs is then meant
	}
	t = t.Clone()
	t.MaxConnsPerHost = 64
	t.MaxIdleConnsPerHost = 32
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}
