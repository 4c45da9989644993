package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// config is what authapi can be told.
type config struct {
	logging                     ops.Logging
	database, standby           secret.Text
	keycloakURL, realm          string
	issuer, clientID            string
	clientSecret                secret.Text
	files                       vault.Paths
	realmsFile                  string
	addr, adminAddr, pprof      string
	loginURL, mode, docs        string
	blindReuse, keycloakTimeout time.Duration
	standingMaxAge              time.Duration
	keeping                     keeping
	maxRequests                 int
	tls                         ops.TLSFiles
	keyConfig
	gateway      gateway
	backChannel  backChannel
	integrations integrations
}

// fileSettings are the four files of secrets.
var fileSettings = []string{"AUTHAPI_KEYSET_FILE", "AUTHAPI_PEPPER_FILE", "AUTHAPI_MASTER_FILE", "AUTHAPI_SNAPSHOT_FILE"}

func addFiles(t *settings.Table, p *vault.Paths) {
	t.Text(&p.Keyset, "AUTHAPI_KEYSET_FILE", "", "keys that offline tokens are sealed under")
	t.Text(&p.Pepper, "AUTHAPI_PEPPER_FILE", "", "peppers of API keys' digests")
	t.Text(&p.Master, "AUTHAPI_MASTER_FILE", "", "secret that system keys are derived from")
	t.Text(&p.Snapshot, "AUTHAPI_SNAPSHOT_FILE", "", "keys that the snapshot on disk is sealed under")
}

// addKeycloak adds the realm of KEYCLOAK_*; optional, if others may be served instead.
func addKeycloak(t *settings.Table, c *config, optional bool) {
	t.URL(&c.keycloakURL, "KEYCLOAK_URL", optional, "Keycloak, such as https://id.example.com")
	addRealm(t, &c.realm)
	t.URL(&c.issuer, "KEYCLOAK_ISSUER", true, "what tokens carry as iss, if discovery does not say it")
	t.Text(&c.clientID, "KEYCLOAK_CLIENT_ID", "", "the application's confidential client")
	t.Secret(&c.clientSecret, "KEYCLOAK_CLIENT_SECRET", "its secret")
}

// addRealm adds the one realm that a command is about.
func addRealm(t *settings.Table, into *string) {
	t.Text(into, "KEYCLOAK_REALM", "", "the realm that is meant; of serve, the one whose tokens are kept here")
	t.Flag("KEYCLOAK_REALM", "realm")
}

func (c *config) table() *settings.Table {
	t := settings.New("AUTHAPI_")
	c.logging.AddTo(t)
	t.Database(&c.database)
	t.Secret(&c.standby, "DATABASE_READ_URL", "a physical standby of DATABASE_URL, to read what is new and snapshots from; empty: the primary itself is read")
	addFiles(t, &c.files)
	addKeycloak(t, c, true)
	t.Text(&c.realmsFile, "AUTHAPI_REALMS_FILE", "", "YAML file of further realms, read at the start: realm, keycloak_url, keycloak_realm, issuer, client_id, client_secret_file, login_url")
	t.Text(&c.addr, "AUTHAPI_ADDR", "127.0.0.1:8080", "address of the API")
	t.Text(&c.adminAddr, "AUTHAPI_ADMIN_ADDR", "127.0.0.1:9091", "address of /livez, /readyz and /metrics")
	t.Choice(&c.pprof, "AUTHAPI_PPROF", []string{"off", "on"}, ops.PprofHelp)
	t.Choice(&c.docs, "AUTHAPI_DOCS", []string{"off", "on"}, "whether /docs shows the description of all calls to a browser; / and /openapi.json are there in either case")
	t.URL(&c.loginURL, "AUTHAPI_LOGIN_URL", true, "where a user logs in again; shown with a dead token")
	t.Choice(&c.mode, "AUTHAPI_STANDING", []string{"best_effort", "strict"}, "whether a key passes when its owner is not known freshly enough")
	t.Duration(&c.standingMaxAge, "AUTHAPI_STANDING_MAX_AGE", time.Minute, time.Second, 24*time.Hour, "how fresh that is: beyond it strict answers 503, and best_effort sets tokenstate_standing_stale to 1")
	t.Duration(&c.blindReuse, "AUTHAPI_BLIND_REUSE", time.Minute, time.Second, time.Hour, "for how long an access token is given out again while Keycloak has not been known completely for a minute")
	t.Duration(&c.keycloakTimeout, "AUTHAPI_KEYCLOAK_TIMEOUT", 5*time.Second, 100*time.Millisecond, 5*time.Second, "for one question to Keycloak; a refresh, whose answer must not be lost, is given six times as long")
	c.keeping.addTo(t)
	t.Text(&c.tls.Cert, "AUTHAPI_TLS_CERT", "", "PEM file; with it the API and gRPC, but not the admin port, are served over TLS; SIGHUP reads the files again")
	t.Text(&c.tls.Key, "AUTHAPI_TLS_KEY", "", "PEM file of its key")
	t.Text(&c.tls.ClientCA, "AUTHAPI_TLS_CLIENT_CA", "", "PEM file; with it only clients with a certificate of it are answered")
	t.Int(&c.maxRequests, "AUTHAPI_MAX_REQUESTS", 20_000, 4, 1_000_000, "requests answered at once; three quarters of them may wait for Keycloak")
	c.addTo(t)
	c.gateway.addTo(t)
	c.backChannel.addTo(t)
	c.integrations.addTo(t)
	t.Must(fileSettings...)
	t.MustIf(func(value func(string) string) bool { // of further realms alone there may be none of KEYCLOAK_*
		return value("AUTHAPI_REALMS_FILE") == "" || value("KEYCLOAK_URL") != ""
	}, "KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET")
	return t
}

// open leaves out the library's own words, which repeat the URL.
func open(ctx context.Context, url secret.Text, b postgres.Bounds) (*pgxpool.Pool, error) {
	p, err := postgres.Open(ctx, url.Reveal(), b)
	if err != nil {
		return nil, fmt.Errorf("%w: DATABASE_URL cannot be used: check its form", settings.ErrConfiguration)
	}
	return p, nil
}

// certificates are nil if TLS is not wanted.
func (c *config) certificates() (*ops.Certificates, error) {
	if !c.tls.Wanted() {
		return nil, nil // plain HTTP, behind a proxy or a mesh
	}
	certs, err := ops.LoadTLS(c.tls)
	if err != nil {
		return nil, fmt.Errorf("%w: AUTHAPI_TLS_*: %w", settings.ErrConfiguration, err)
	}
	return certs, nil
}

// secrets are read once, at start. Loose rights are said and taken.
func secrets(p vault.Paths, logger zerolog.Logger) (vault.Secrets, error) {
	s, err := vault.Load(p)
	if err != nil && vault.Warning(err) {
		logger.Warn().Err(err).Msg("files of secrets can be read by others")
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("%w:\n%w", settings.ErrConfiguration, err)
	}
	return s, nil
}
