// Package workerconfig is what the worker and its operator's commands can be told, and the connections made of it.
package workerconfig

import (
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// DefaultAdminAddr is where a worker tells its health and its metrics.
const DefaultAdminAddr = "127.0.0.1:9090"

// DefaultStorePause is the default of WORKER_STORE_PAUSE, and what a dry run keeps to.
const DefaultStorePause = 30 * time.Second

// Config is what the worker and its operator's commands can be told. Each setting is described where it is added.
type Config struct {
	Logging  ops.Logging
	Database secret.Text

	NATS                     secret.Text // with user and password in it
	NATSCreds, NATSCA        string
	NATSCert, NATSKey        string
	NATSInbox, NATSMonitor   string
	KeycloakURL, AdminRealm  string
	ClientID                 string
	ClientSecret             secret.Text
	AdminAddr                string
	Profiles                 string // on or off
	RealmNames               string
	Margin, Skew, CacheLag   time.Duration
	Sweep, ClosedSweep       time.Duration
	LookInterval, OwnerSweep time.Duration
	LookRate                 int // looks a second
	StorePause               time.Duration
	BackfillInterval         time.Duration
	BackfillOverlap          time.Duration
	BackfillGrace            time.Duration
	KeepFeed, KeepJournal    time.Duration
	KeepUnheld               time.Duration
	SelfTestInterval         time.Duration
	Notices                  Notices
}

// Table has every setting of a running worker.
func (c *Config) Table() *settings.Table {
	t := settings.New("WORKER_")
	c.Logging.AddTo(t)
	c.AddDatabase(t)
	c.AddNATS(t)
	c.AddKeycloak(t)
	t.Text(&c.AdminAddr, "WORKER_ADMIN_ADDR", DefaultAdminAddr, "address of /livez, /readyz and /metrics")
	t.Choice(&c.Profiles, "WORKER_PPROF", []string{"off", "on"}, ops.PprofHelp)
	c.AddRules(t)
	t.Duration(&c.LookInterval, "WORKER_LOOK_INTERVAL", time.Second, 10*time.Millisecond, time.Minute, "how often it is asked who is due")
	t.Duration(&c.BackfillInterval, "WORKER_BACKFILL_INTERVAL", time.Minute, 100*time.Millisecond, time.Hour,
		"how often Keycloak's event store is read")
	t.Duration(&c.BackfillGrace, "WORKER_BACKFILL_GRACE", 20*time.Second, 0, time.Hour, "how long a listener may take to deliver an event before it counts as missed")
	t.Duration(&c.KeepFeed, "WORKER_FEED_KEEP", 24*time.Hour, time.Minute, 365*24*time.Hour,
		"readers that are behind by more load everything again")
	t.Duration(&c.KeepJournal, "WORKER_JOURNAL_KEEP", 0, 0, 100*365*24*time.Hour, "what was exported and is older is removed from the journal; 0s keeps all")
	t.Duration(&c.KeepUnheld, "WORKER_UNHELD_KEEP", 30*24*time.Hour, 24*time.Hour, 100*365*24*time.Hour,
		"what was learnt of people and sessions that nobody holds a token, a key or a membership of is forgotten after this time: not below how long after a login its token may be stored")
	t.Duration(&c.SelfTestInterval, "WORKER_SELFTEST_INTERVAL", 5*time.Minute, time.Second, 24*time.Hour, "how often it is asked whether Keycloak, the log and the database are set up as they must be")
	t.Duration(&c.OwnerSweep, "WORKER_OWNER_SWEEP", 10*time.Minute, 0, 24*time.Hour, "how often all owners of keys and tokens are found again among Keycloak's users, where its jar offers pages by key; 0s: never")
	t.Duration(&c.StorePause, "WORKER_STORE_PAUSE", DefaultStorePause, 0, time.Hour, "after a change of a user store its users are not looked at over the admin API for this long, and then one by one until one is found")
	c.Notices.addTo(t)
	t.Int(&c.LookRate, "WORKER_LOOK_RATE", 20, 1, 10_000, "most looks at Keycloak in a second")
	t.Must("NATS_URL", "KEYCLOAK_URL", "WORKER_KEYCLOAK_CLIENT_ID", "WORKER_KEYCLOAK_CLIENT_SECRET")
	t.Check(c.checkRules)
	return t
}

// AddDatabase adds DATABASE_URL.
func (c *Config) AddDatabase(t *settings.Table) {
	t.Database(&c.Database)
}

// AddKeycloak adds what Keycloak is asked with.
func (c *Config) AddKeycloak(t *settings.Table) { c.AddKeycloakIf(t, false) }

// AddKeycloakIf adds what Keycloak is asked with; optional, where it is asked about some things only.
func (c *Config) AddKeycloakIf(t *settings.Table, optional bool) {
	t.URL(&c.KeycloakURL, "KEYCLOAK_URL", optional, "Keycloak, such as https://id.example.com")
	t.Text(&c.ClientID, "WORKER_KEYCLOAK_CLIENT_ID", "", "our client in the administrators' realm")
	t.Secret(&c.ClientSecret, "WORKER_KEYCLOAK_CLIENT_SECRET", "its secret")
	t.Text(&c.AdminRealm, "WORKER_KEYCLOAK_ADMIN_REALM", "master", "the administrators' realm")
	t.Text(&c.RealmNames, "WORKER_REALMS", "", "as the listener's option realms, if it gives aliases: name=alias, separated by commas")
}

// AddRules adds what verdicts are made by, and the backfill's overlap.
func (c *Config) AddRules(t *settings.Table) {
	t.Duration(&c.Margin, "WORKER_SETTLING_MARGIN", 10*time.Second, 0, time.Hour, "a token must be this old before its absence from a look counts")
	t.Duration(&c.Skew, "WORKER_SKEW", 5*time.Second, 0, time.Minute, "largest difference between the clocks of Keycloak's nodes; 0s for one node")
	t.Duration(&c.CacheLag, "WORKER_CACHE_LAG", 10*time.Second, 0, 10*time.Minute, "how long a Keycloak node may answer from its cache")
	t.Duration(&c.Sweep, "WORKER_SWEEP", 6*time.Hour, time.Minute, 7*24*time.Hour, "who has not been seen for this long is looked at")
	t.Duration(&c.ClosedSweep, "WORKER_CLOSED_SWEEP", 5*time.Minute, time.Second, 24*time.Hour, "the same for who is disabled or gone")
	t.Duration(&c.BackfillOverlap, "WORKER_BACKFILL_OVERLAP", 5*time.Minute, time.Second, 24*time.Hour, "how much later than its time a row may appear there: the longest transaction and the clocks' difference")
}

// AddNATS adds what NATS is asked with.
func (c *Config) AddNATS(t *settings.Table) {
	t.Secret(&c.NATS, "NATS_URL", "NATS servers, with user and password in it if they are used")
	t.Text(&c.NATSCreds, "NATS_CREDS", "", "file of a NATS user's JWT and nkey")
	t.Text(&c.NATSCA, "NATS_CA", "", "file of certificates that NATS is trusted by")
	t.Text(&c.NATSCert, "NATS_CERT", "", "file of our certificate for NATS")
	t.Text(&c.NATSKey, "NATS_KEY", "", "file of its key")
	t.Text(&c.NATSMonitor, "WORKER_NATS_MONITOR_URL", "", "NATS's monitoring port, such as http://nats:8222: doctor and the self-test ask it whether NATS syncs always")
	t.Text(&c.NATSInbox, "WORKER_NATS_INBOX_PREFIX", "", "where this NATS user may receive replies; by default what deploy/nats.conf gives it")
}

// birth is how long after its event Keycloak has written a new session, at the latest.
const birth = time.Second

// checkRules: a token's iat may be of a clock that is behind the look's by the skew. With a margin
// that does not cover that, a look that comes before Keycloak has written a new session would call
// its token dead.
func (c *Config) checkRules() error {
	if c.Margin < c.Skew+birth {
		return fmt.Errorf("WORKER_SETTLING_MARGIN must be at least WORKER_SKEW and %s", birth)
	}
	return nil
}
