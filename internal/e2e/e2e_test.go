package e2e

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// TestMain is also the NATS server: devstack starts it as another process of this program.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "nats-server" {
		if err := devstack.ServeNATS(os.Args[2]); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// One stack for all: starting Keycloak takes longest.
func TestFaults(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name string
		play func(*system, *testing.T)
	}{
		{"NATS is away during a logout", natsAway},
		{"the worker is killed again and again", workerKilled},
		{"two workers", twoWorkers},
		{"Postgres is killed", postgresKilled},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			c.play(s, t)
			s.sameAsTheLog()
			s.worker("verify")
		})
	}
	for _, c := range []struct {
		name string
		play func(*system, *testing.T)
	}{
		{"the backfill says what the listener says", backfillSaysTheSame},
		{"every forbidden act is refused", forbidden},
		{"Postgres over TLS", overTLS},
		{"refusals that no look shows", refusalsThatNoLookShows},
		{"doctor finds, setup repairs", doctorFinds},
		{"many callers, two replicas, one refresh", manyCallers},
		{"every call", everyCall},
		{"an OpenHands database is taken over", adopted},
		{"a replica with other settings", otherSettings},
		{"one replica is cut off", cutOff},
		{"all outages", outages},
		{"no listener", listenerOff},
		{"two realms", twoRealms},
		{"the back channel", backChannel},
		{"found by an identity elsewhere", linked},
		{"users who vanish without an event", vanished},
		{"reconcile finds deaths without events", reconciled},
		{"the stream is deleted and made anew", streamRecreated},
		{"the stream's head expires unread", headExpired},
		{"NATS is half open", natsHalfOpen},
		{"yesterday's backup is restored", backupRestored},
		{"alerts ask for what is there", alertsAskForWhatIsThere},
		{"no secret is told", noSecretIsTold},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			c.play(s, t)
			s.worker("verify")
		})
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

// twoWorkers: one acts, and the other takes over when it is killed.
func twoWorkers(s *system, t *testing.T) {
	first, second := s.stack.Env.WorkerAdminURL, s.secondWorker()
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
	s.wait("the second worker acts", func() (bool, string) {
		ok, err := s.active(second)
		return ok && err == nil, ""
	})
	s.until(user, "revoked")
	must(t, s.stack.Restart(t.Context(), "worker"))
	if got, err := s.active(first); got || err != nil {
		t.Fatalf("the first worker, started again, acts beside the second (%v)", err)
	}
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
