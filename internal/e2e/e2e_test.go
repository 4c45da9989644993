package e2e

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// TestMain is also the NATS server: devstack starts it as another process of this program.
func TestMain(m *testing.M) {
	devstack.AsNATS()
	if err := os.Unsetenv("DATABASE_URL"); err != nil { // make test's own, which is not to be killed
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// scene is one thing that goes wrong, and what must come of it.
type scene struct {
	name string
	play func(*system, *testing.T)
}

// logged are scenes after which the facts must be those that the log teaches.
var logged = []scene{
	{"NATS is away during a logout", natsAway},
	{"Postgres is killed", postgresKilled},
	{"a logout is told once", notified},
	{"the backfill says what the listener says", backfillSaysTheSame},
}

// deaf are scenes of a Keycloak without our listener.
var deaf = []scene{
	{"no listener", listenerOff},
	{"the back channel", backChannel},
	{"the canary misses the listener", canaryMissesTheListener},
	{"reconcile finds deaths without events", reconciled},
	{"a login's end is told before", toldBeforeItEnds},
}

// cut are scenes in which so much is away, or so often and for so long, that they would hold up all others.
var cut = []scene{
	{"the worker is killed again and again", workerKilled},
	{"two workers", twoWorkers},
	{"all outages", outages},
}

var others = []scene{
	{"every forbidden act is refused", forbidden},
	{"Postgres over TLS", overTLS},
	{"refusals that no look shows", refusalsThatNoLookShows},
	{"doctor finds, setup repairs", doctorFinds},
	{"the canary watches", canaryWatches},
	{"many callers, two replicas, one refresh", manyCallers},
	{"every call", everyCall},
	{"an OpenHands database is taken over", adopted},
	{"a replica with other settings", otherSettings},
	{"one replica is cut off", cutOff},
	{"two realms", twoRealms},
	{"found by an identity elsewhere", linked},
	{"users who vanish without an event", vanished},
	{"the stream is deleted and made anew", streamRecreated},
	{"the stream's head expires unread", headExpired},
	{"NATS is half open", natsHalfOpen},
	{"yesterday's backup is restored", backupRestored},
	{"alerts ask for what is there", alertsAskForWhatIsThere},
	{"no secret is told", noSecretIsTold},
}

// There are three stacks, since a scene mostly waits, and those of one stack cannot run side by side: what they break is
// everybody's. More would cost more than they give, for nothing here works as much as a Keycloak that starts.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := start(t, devstack.Options{})
	s.play(t, logged, s.sameAsTheLog)
	s.play(t, others, func() {})
}

func TestFaultsWithoutListener(t *testing.T) {
	t.Parallel()
	start(t, devstack.Options{Jar: devstack.NoJar}).play(t, deaf, func() {})
}

func TestFaultsOfEveryPart(t *testing.T) {
	t.Parallel()
	s := start(t, devstack.Options{})
	s.play(t, cut, func() { s.relayed(); s.sameAsTheLog() })
}

// play plays scenes one after another, and holds the facts after each to those that the journal teaches. In the end no
// log may have told a secret.
func (s *system) play(t *testing.T, scenes []scene, after func()) {
	t.Helper()
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			c.play(s, t)
			after()
			s.worker("verify")
		})
	}
	s.t = t
	s.nowhere(s.secretsOf(), s.logs())
}

// eventsKept lets Keycloak's event store keep what happens, or not.
func (s *system) eventsKept(kept bool) {
	s.t.Helper()
	for _, name := range []string{"eventsEnabled", "adminEventsEnabled"} {
		s.events(name, kept)()
	}
}

// natsAway: the logout answers as before, and the verdict follows when NATS is back.
func natsAway(s *system, t *testing.T) {
	userA, a := s.login()
	userB, b := s.login()
	began := time.Now()
	must(t, s.keycloak.Logout(t.Context(), a))
	before := time.Since(began)
	s.until(userA, "revoked")
	must(t, s.stack.Kill("nats", syscall.SIGKILL))
	began = time.Now()
	must(t, s.keycloak.Logout(t.Context(), b))
	t.Logf("logout: %s, with NATS killed: %s", before, time.Since(began))
	v, err := s.backend.Access(t.Context(), userB)
	must(t, err)
	t.Logf("while NATS is away Keycloak is asked, and refuses: %d %s", v.Status, v.Text("reason"))
	must(t, s.stack.Restart(t.Context(), "nats"))
	s.until(userB, "revoked")
}

// workerKilled: at any moment, with messages in flight. (A kill between the commit and the next
// reading is one of them.)
func workerKilled(s *system, t *testing.T) {
	for range 3 {
		var users []string
		for range 3 {
			user, tokens := s.login()
			users = append(users, user)
			must(t, s.keycloak.Logout(t.Context(), tokens))
		}
		must(t, s.stack.Kill("worker", syscall.SIGKILL))
		living, _ := s.login()
		must(t, s.stack.Restart(t.Context(), "worker"))
		for _, user := range users {
			s.until(user, "revoked")
		}
		s.until(living, "usable")
	}
}

// twoWorkers: one acts, and the other takes over when it is killed; and back again when nothing passes any more between
// that one and Postgres. What wakes up then is not active, and writes nothing.
func twoWorkers(s *system, t *testing.T) {
	database, err := url.Parse(s.stack.WorkerDatabaseURL())
	must(t, err)
	way := s.valve(database.Host)
	database.Host = way.addr
	first, second := s.stack.Env.WorkerAdminURL, s.secondWorker(database.String())
	s.wait("the second worker", func() (bool, string) {
		_, err := s.active(second)
		return err == nil, ""
	})
	for url, want := range map[string]bool{first: true, second: false} {
		if got, err := s.active(url); got != want || err != nil {
			t.Fatalf("active: %v, want %v (%v)", got, want, err)
		}
	}
	user, tokens := s.login()
	must(t, s.stack.Kill("worker", syscall.SIGKILL))
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.becomes(second, true)
	s.until(user, "revoked")
	must(t, s.stack.Restart(t.Context(), "worker"))
	if got, err := s.active(first); got || err != nil {
		t.Fatalf("the first worker, started again, acts beside the second (%v)", err)
	}
	user, tokens = s.login()
	s.until(user, "usable")
	way.shut.Store(true)
	shut := time.Now()
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.becomes(first, true)
	t.Logf("the first worker acts %s after nothing passes between the second and Postgres", time.Since(shut).Round(100*time.Millisecond))
	s.becomes(second, false)
	s.until(user, "revoked")
	before := s.applied(second)
	way.shut.Store(false)
	user, tokens = s.login()
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.until(user, "revoked")
	s.wait("the second worker to stand by", func() (bool, string) {
		text, err := s.get(second + "/readyz?verbose")
		return err == nil && !strings.Contains(text, `"ready":false`), text
	})
	if after := s.applied(second); after != before {
		t.Errorf("the second worker had applied %s, and %s after it woke up", before, after)
	}
	s.becomes(second, false)
}

// becomes waits until a worker is the active one, or is not.
func (s *system) becomes(url string, active bool) {
	s.t.Helper()
	s.wait(fmt.Sprintf("a worker's being active: %t", active), func() (bool, string) {
		got, err := s.active(url)
		return err == nil && got == active, fmt.Sprint(got, err)
	})
}

// applied is how many events and looks a worker has committed.
func (s *system) applied(url string) string {
	s.t.Helper()
	text, err := s.get(url + "/metrics")
	must(s.t, err)
	var counts []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "tokenstate_revocation_latency_seconds_count{") && strings.Contains(line, `stage="committed"`) {
			counts = append(counts, strings.TrimSpace(line))
		}
	}
	if len(counts) == 0 {
		s.t.Fatal("no such metric")
	}
	return strings.Join(counts, ", ")
}

// postgresKilled: what is known is answered meanwhile, and nothing is lost.
func postgresKilled(s *system, t *testing.T) {
	user, tokens := s.login()
	a, err := s.backend.Mint(t.Context(), user, "org", "automation")
	must(t, err)
	must(t, s.stack.Kill("postgres", syscall.SIGKILL))
	if me, err := s.backend.Me(t.Context(), a.Text("key")); err != nil || me.Status != 200 {
		t.Fatalf("a known key, with Postgres killed: %d %v %v", me.Status, me.Body, err)
	}
	must(t, s.keycloak.Logout(t.Context(), tokens))
	must(t, s.stack.Restart(t.Context(), "postgres"))
	s.until(user, "revoked")
}
