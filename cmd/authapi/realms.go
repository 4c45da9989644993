package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tracing"
)

// realmConfig is one realm, of KEYCLOAK_* or of AUTHAPI_REALMS_FILE.
type realmConfig struct {
	Realm      string `yaml:"realm"`          // as the log, keys and credentials name it
	URL        string `yaml:"keycloak_url"`   // Keycloak
	Name       string `yaml:"keycloak_realm"` // the realm's name there; empty: the same
	Issuer     string `yaml:"issuer"`         // what tokens carry as iss, if discovery does not say it
	ClientID   string `yaml:"client_id"`
	SecretFile string `yaml:"client_secret_file"`
	LoginURL   string `yaml:"login_url"`

	secret  secret.Text
	timeout time.Duration // 0: the adapter's own
}

const realmsForm = "a list called realms, of realm, keycloak_url, keycloak_realm, issuer, client_id, client_secret_file and login_url"

// readRealms reads the file of realms.
func readRealms(path string) ([]realmConfig, error) {
	var file struct {
		Realms []realmConfig `yaml:"realms"`
	}
	if err := settings.StrictYAML("AUTHAPI_REALMS_FILE", path, realmsForm, &file); err != nil {
		return nil, err
	}
	var faults []error
	for i := range file.Realms {
		if err := file.Realms[i].readSecret(); err != nil {
			faults = append(faults, fmt.Errorf("AUTHAPI_REALMS_FILE, realm %d: %w", i+1, err))
		}
	}
	return file.Realms, errors.Join(faults...)
}

func (r *realmConfig) readSecret() error {
	raw, err := os.ReadFile(r.SecretFile)
	if err != nil {
		return fmt.Errorf("client_secret_file cannot be read: %w", err)
	}
	r.secret = secret.New(strings.TrimRight(string(raw), "\r\n"))
	return nil
}

// realms are all that are served, as configured and opened. The one of KEYCLOAK_* is wanted only
// if there is no file.
func (c *config) realms() ([]realmConfig, idp.Realms, error) {
	var all []realmConfig
	var faults []error
	if c.realmsFile != "" {
		var err error
		all, err = readRealms(c.realmsFile)
		faults = append(faults, err)
	}
	if c.realmsFile == "" || c.keycloakURL != "" {
		all = append(all, realmConfig{
			Realm: c.realm, URL: c.keycloakURL, Issuer: c.issuer, ClientID: c.clientID, LoginURL: c.loginURL, secret: c.clientSecret,
		})
	}
	out, issuers := idp.Realms{}, map[string]bool{}
	for _, r := range all {
		r.timeout = c.keycloakTimeout
		one, err := r.open()
		issuer := r.issuerKey()
		switch {
		case err != nil:
			err = fmt.Errorf("realm %q: %w", r.Realm, err)
		case out[r.Realm].Keycloak != nil:
			err = fmt.Errorf("realm %q is there twice", r.Realm)
		case strings.TrimSuffix(r.URL, "/") != strings.TrimSuffix(all[0].URL, "/"):
			err = fmt.Errorf("realm %q has another keycloak_url: the worker asks one Keycloak, so each needs a deployment of its own", r.Realm)
		case issuers[issuer]:
			err = fmt.Errorf("realm %q has the issuer of another one: tokens could not be told apart", r.Realm)
		}
		faults = append(faults, err)
		out[r.Realm], issuers[issuer] = one, true
	}
	if err := errors.Join(faults...); err != nil {
		return nil, nil, fmt.Errorf("%w:\n%w", settings.ErrConfiguration, err)
	}
	return all, out, nil
}

// issuerKey tells two realms apart before any of them has been asked.
func (r *realmConfig) issuerKey() string {
	if r.Issuer != "" {
		return r.Issuer
	}
	return strings.TrimSuffix(r.URL, "/") + "/realms/" + r.name()
}

// keysURL is built from what is configured, and never taken from a document or a token.
func (r *realmConfig) keysURL() string {
	return strings.TrimSuffix(r.URL, "/") + "/realms/" + url.PathEscape(r.name()) + "/protocol/openid-connect/certs"
}

func (r *realmConfig) name() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Realm
}

func (r *realmConfig) open() (idp.Realm, error) {
	for name, text := range map[string]string{"issuer": r.Issuer, "login_url": r.LoginURL} {
		if u, err := url.Parse(text); text != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return idp.Realm{}, fmt.Errorf("%s is not an http or https URL", name)
		}
	}
	c := keycloak.Config{BaseURL: r.URL, Realm: r.name(), ClientID: r.ClientID, ClientSecret: r.secret, Timeout: r.timeout}
	c.Transport = tracing.Calling("keycloak", keycloak.NewTransport())
	app, err := keycloak.NewApp(c)
	if err != nil {
		return idp.Realm{}, err
	}
	exchanges, err := keycloak.NewApp(c)
	if err != nil {
		return idp.Realm{}, err
	}
	return idp.Realm{
		ClientID: r.ClientID, LoginURL: r.LoginURL,
		Keycloak: adapters.Provider{App: app, Exchanges: exchanges, KnownAs: r.Issuer}, Federation: adapters.Federation{App: app},
	}, nil
}
