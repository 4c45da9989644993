package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const adminAddr = "127.0.0.1:9090"

// storePause is the default of WORKER_STORE_PAUSE, and what a dry run keeps to.
const storePause = 30 * time.Second

// config is what the worker can be told.
type config struct {
	logging  ops.Logging
	database secret.Text

	nats                             secret.Text // with user and password in it
	natsCreds, natsCA                string
	natsCert, natsKey, natsInbox     string
	natsMonitor                      string
	keycloakURL, adminRealm          string
	clientID                         string
	clientSecret                     secret.Text
	adminAddr, pprof, realmNames     string
	margin, skew, lag, sweep, closed time.Duration
	lookEvery, ownerSweep            time.Duration
	lookRate                         int
	storePause                       time.Duration
	backfillEvery, overlap, grace    time.Duration
	keepFeed, keepJournal, testEvery time.Duration
}

func (c *config) table() *settings.Table {
	t := settings.New("WORKER_")
	c.logging.AddTo(t)
	c.addDatabase(t)
	c.addNATS(t)
	c.addKeycloak(t)
	t.Text(&c.adminAddr, "WORKER_ADMIN_ADDR", adminAddr, "address of /livez, /readyz and /metrics")
	t.Choice(&c.pprof, "WORKER_PPROF", []string{"off", "on"}, ops.PprofHelp)
	c.addRules(t)
	t.Duration(&c.lookEvery, "WORKER_LOOK_INTERVAL", time.Second, 10*time.Millisecond, time.Minute, "how often it is asked who is due")
	t.Duration(&c.backfillEvery, "WORKER_BACKFILL_INTERVAL", time.Minute, 100*time.Millisecond, time.Hour,
		"how often Keycloak's event store is read")
	t.Duration(&c.grace, "WORKER_BACKFILL_GRACE", 20*time.Second, 0, time.Hour, "how long a listener may take to deliver an event before it counts as missed")
	t.Duration(&c.keepFeed, "WORKER_FEED_KEEP", 24*time.Hour, time.Minute, 365*24*time.Hour,
		"readers that are behind by more load everything again")
	t.Duration(&c.keepJournal, "WORKER_JOURNAL_KEEP", 0, 0, 100*365*24*time.Hour, "what was exported and is older is removed from the journal; 0s keeps all")
	t.Duration(&c.testEvery, "WORKER_SELFTEST_INTERVAL", 5*time.Minute, time.Second, 24*time.Hour, "how often it is asked whether Keycloak, the log and the database are set up as they must be")
	t.Duration(&c.ownerSweep, "WORKER_OWNER_SWEEP", 10*time.Minute, 0, 24*time.Hour, "how often all owners of keys and tokens are found again among Keycloak's users, where its jar offers pages by key; 0s: never")
	t.Duration(&c.storePause, "WORKER_STORE_PAUSE", storePause, 0, time.Hour, "after a change of a user store its users are not looked at over the admin API for this long, and then one by one until one is found")
	t.Int(&c.lookRate, "WORKER_LOOK_RATE", 20, 1, 10_000, "most looks at Keycloak in a second")
	t.Must("NATS_URL", "KEYCLOAK_URL", "WORKER_KEYCLOAK_CLIENT_ID", "WORKER_KEYCLOAK_CLIENT_SECRET")
	t.Check(c.checkRules)
	return t
}

func (c *config) addDatabase(t *settings.Table) {
	t.Database(&c.database)
}

func (c *config) addKeycloak(t *settings.Table) { c.addKeycloakIf(t, false) }

// addKeycloakIf adds what Keycloak is asked with; optional, where it is asked about some things only.
func (c *config) addKeycloakIf(t *settings.Table, optional bool) {
	t.URL(&c.keycloakURL, "KEYCLOAK_URL", optional, "Keycloak, such as https://id.example.com")
	t.Text(&c.clientID, "WORKER_KEYCLOAK_CLIENT_ID", "", "our client in the administrators' realm")
	t.Secret(&c.clientSecret, "WORKER_KEYCLOAK_CLIENT_SECRET", "its secret")
	t.Text(&c.adminRealm, "WORKER_KEYCLOAK_ADMIN_REALM", "master", "the administrators' realm")
	t.Text(&c.realmNames, "WORKER_REALMS", "", "as the listener's option realms, if it gives aliases: name=alias, separated by commas")
}

// addRules adds what verdicts are made by, and the backfill's overlap.
func (c *config) addRules(t *settings.Table) {
	t.Duration(&c.margin, "WORKER_SETTLING_MARGIN", 10*time.Second, 0, time.Hour, "a token must be this old before its absence from a look counts")
	t.Duration(&c.skew, "WORKER_SKEW", 5*time.Second, 0, time.Minute, "largest difference between the clocks of Keycloak's nodes; 0s for one node")
	t.Duration(&c.lag, "WORKER_CACHE_LAG", 10*time.Second, 0, 10*time.Minute, "how long a Keycloak node may answer from its cache")
	t.Duration(&c.sweep, "WORKER_SWEEP", 6*time.Hour, time.Minute, 7*24*time.Hour, "who has not been seen for this long is looked at")
	t.Duration(&c.closed, "WORKER_CLOSED_SWEEP", 5*time.Minute, time.Second, 24*time.Hour, "the same for who is disabled or gone")
	t.Duration(&c.overlap, "WORKER_BACKFILL_OVERLAP", 5*time.Minute, time.Second, 24*time.Hour, "how much later than its time a row may appear there: the longest transaction and the clocks' difference")
}

func (c *config) addNATS(t *settings.Table) {
	t.Secret(&c.nats, "NATS_URL", "NATS servers, with user and password in it if they are used")
	t.Text(&c.natsCreds, "NATS_CREDS", "", "file of a NATS user's JWT and nkey")
	t.Text(&c.natsCA, "NATS_CA", "", "file of certificates that NATS is trusted by")
	t.Text(&c.natsCert, "NATS_CERT", "", "file of our certificate for NATS")
	t.Text(&c.natsKey, "NATS_KEY", "", "file of its key")
	t.Text(&c.natsMonitor, "WORKER_NATS_MONITOR_URL", "", "NATS's monitoring port, such as http://nats:8222: doctor and the self-test ask it whether NATS syncs always")
	t.Text(&c.natsInbox, "WORKER_NATS_INBOX_PREFIX", "", "where this NATS user may receive replies; by default what deploy/nats.conf gives it")
}

// birth is how long after its event Keycloak has written a new session, at the latest.
const birth = time.Second

// checkRules: a token's iat may be of a clock that is behind the look's by the skew. With a margin
// that does not cover that, a look that comes before Keycloak has written a new session would call
// its token dead.
func (c *config) checkRules() error {
	if c.margin < c.skew+birth {
		return fmt.Errorf("WORKER_SETTLING_MARGIN must be at least WORKER_SKEW and %s", birth)
	}
	return nil
}

func (c *config) rules() tokenstate.Rules {
	ms := func(d time.Duration) tokenstate.Millis { return tokenstate.Millis(d.Milliseconds()) }
	return tokenstate.Rules{Margin: ms(c.margin), Skew: ms(c.skew), CacheLag: ms(c.lag), Sweep: ms(c.sweep), ClosedSweep: ms(c.closed)}
}

func (c *config) pool(ctx context.Context, b postgres.Bounds) (*pgxpool.Pool, error) {
	p, err := postgres.Open(ctx, c.database.Reveal(), b)
	if err != nil {
		return nil, errUsable("DATABASE_URL")
	}
	return p, nil
}

// errUsable leaves out the library's own words, which repeat the URL.
func errUsable(name string) error {
	return fmt.Errorf("%w: %s cannot be used: check its form", settings.ErrConfiguration, name)
}

func (c *config) admin() (*keycloak.Admin, error) { return c.adminWith(0) }

// pages is another connection with a breaker of its own: a long page is slow, and must not keep a
// look at one user from being tried.
func (c *config) pages() (*keycloak.Admin, error) { return c.adminWith(20 * time.Second) }

func (c *config) adminWith(timeout time.Duration) (*keycloak.Admin, error) {
	names, err := c.aliases()
	if err != nil {
		return nil, err
	}
	a, err := keycloak.NewAdmin(keycloak.Config{
		BaseURL: c.keycloakURL, Realm: c.adminRealm, ClientID: c.clientID, ClientSecret: c.clientSecret, Timeout: timeout, Names: names.byAlias(),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	return a, nil
}

func (c *config) log(ctx context.Context, logger zerolog.Logger) (*stream.Log, error) {
	trust, err := c.tls()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	if err := stream.CheckSecrets(c.nats.Reveal()); err != nil {
		return nil, fmt.Errorf("%w: NATS_URL: %w", settings.ErrConfiguration, err)
	}
	l, err := stream.Connect(ctx, stream.Options{
		URL: c.nats.Reveal(), Credentials: c.natsCreds, TLS: trust, Inbox: c.inbox(), Name: "revocation-worker", Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	return l, nil
}

// inbox is what deploy/nats.conf lets the user of NATS_URL subscribe to: with another prefix
// every request would time out.
func (c *config) inbox() string {
	if c.natsInbox != "" {
		return c.natsInbox
	}
	first, _, _ := strings.Cut(c.nats.Reveal(), ",")
	u, err := url.Parse(first)
	if err != nil {
		return ""
	}
	return map[string]string{"worker": "_INBOX_wo", "operator": "_INBOX_op"}[u.User.Username()]
}

// natsHosts are the servers of NATS_URL, without what else stands in it.
func (c *config) natsHosts() string {
	var hosts []string
	for one := range strings.SplitSeq(c.nats.Reveal(), ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return strings.Join(hosts, ",")
}

func (c *config) tls() (*tls.Config, error) {
	if c.natsCA == "" && c.natsCert == "" {
		return nil, nil // no TLS but what the URL asks for
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.natsCA != "" {
		pem, err := os.ReadFile(c.natsCA)
		if err != nil {
			return nil, fmt.Errorf("NATS_CA cannot be read: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("NATS_CA holds no certificate")
		}
	}
	if c.natsCert != "" {
		pair, err := tls.LoadX509KeyPair(c.natsCert, c.natsKey)
		if err != nil {
			return nil, errors.New("NATS_CERT and NATS_KEY are no pair that can be read")
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
