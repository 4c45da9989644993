package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/logstream"
	"github.com/tokenstate/tokenstate/internal/play"
)

// worker runs a command of the stack's own program, as an operator with .dev/env would.
func (s *system) worker(args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.root, ".dev", "bin", "revocation-worker"), args...)
	cmd.Env = s.stack.Env.Pairs()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// operator is NATS's operator.
func (s *system) operator(do func(context.Context, jetstream.JetStream) error) {
	s.t.Helper()
	nc, err := nats.Connect(s.stack.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	must(s.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	must(s.t, do(ctx, js))
}

// lastOfTheLog waits until the listener has said everything about what was just done, and
// returns the sequence of the log's last message.
func (s *system) lastOfTheLog(after uint64) (last uint64) {
	s.t.Helper()
	s.wait("the listener's words in the log", func() (bool, string) {
		s.operator(func(ctx context.Context, js jetstream.JetStream) error {
			st, err := js.Stream(ctx, "TOKENSTATE")
			if err == nil {
				last = st.CachedInfo().State.LastSeq
			}
			return err
		})
		return last >= after+2, "" // event and observation, at least
	})
	return last
}

func (s *system) metric(name string) string {
	s.t.Helper()
	text, err := s.get(s.stack.Env.WorkerAdminURL + "/metrics")
	must(s.t, err)
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "none"
}

// unheard logs a user out while no worker reads, and has harm destroy what the listener said of
// it. Keycloak's event store, or a look, must bring it.
func (s *system) unheard(harm func(last uint64)) {
	s.t.Helper()
	user, tokens := s.login()
	living, _ := s.login()
	s.until(user, "usable")
	must(s.t, s.stack.Kill("worker", syscall.SIGKILL))
	before := s.lastOfTheLog(0)
	must(s.t, s.keycloak.Logout(s.t.Context(), tokens))
	harm(s.lastOfTheLog(before))
	must(s.t, s.stack.Restart(s.t.Context(), "worker"))
	s.until(user, "revoked")
	s.until(living, "usable")
	s.wait("the metric of the loss", func() (bool, string) {
		v := s.metric("tokenstate_log_losses_total")
		return v != "0" && v != "none", v
	})
}

func streamRecreated(s *system, t *testing.T) {
	s.unheard(func(uint64) {
		s.operator(func(ctx context.Context, js jetstream.JetStream) error { return js.DeleteStream(ctx, "TOKENSTATE") })
		must(t, devstack.CreateStream(t.Context(), s.stack.Env.NATSURL))
	})
	// Deleted under a reading worker, too.
	user, tokens := s.login()
	s.operator(func(ctx context.Context, js jetstream.JetStream) error { return js.DeleteStream(ctx, "TOKENSTATE") })
	must(t, s.keycloak.Logout(t.Context(), tokens))
	must(t, devstack.CreateStream(t.Context(), s.stack.Env.NATSURL))
	s.until(user, "revoked")
}

func headExpired(s *system, t *testing.T) {
	s.unheard(func(last uint64) {
		age := func(d time.Duration) {
			s.operator(func(ctx context.Context, js jetstream.JetStream) error {
				c := logstream.Config()
				c.MaxAge, c.Duplicates = d, min(c.Duplicates, max(d, 100*time.Millisecond))
				if d == 0 {
					c.Duplicates = 2 * time.Minute
				}
				_, err := js.UpdateStream(ctx, c)
				return err
			})
		}
		age(time.Second)
		s.wait("the head to expire", func() (gone bool, state string) {
			s.operator(func(ctx context.Context, js jetstream.JetStream) error {
				st, err := js.Stream(ctx, "TOKENSTATE")
				gone = err == nil && st.CachedInfo().State.FirstSeq > last
				return err
			})
			return gone, ""
		})
		age(0)
	})
	_ = t
}

// natsHalfOpen: the server is there but says nothing, as behind a broken firewall.
func natsHalfOpen(s *system, t *testing.T) {
	user, tokens := s.login()
	s.until(user, "usable")
	pid := s.stack.Env.NATSPID // the stack would wait for its end
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	must(t, s.keycloak.Logout(t.Context(), tokens))
	key, err := s.backend.Mint(t.Context(), user, "org", "half-open")
	must(t, err)
	if me, err := s.backend.Me(t.Context(), key.Text("key")); err != nil || me.Status != http.StatusOK {
		t.Fatalf("a key, with NATS half open: %d %v", me.Status, err)
	}
	// What authapi decides itself acts at once.
	gone, err := s.backend.Call(t.Context(), http.MethodDelete, "/api/service/users/"+user+"/orgs/org/api-keys/half-open", "", nil)
	must(t, err)
	if me, err := s.backend.Me(t.Context(), key.Text("key")); err != nil || gone.Status != http.StatusOK || me.Status != http.StatusUnauthorized {
		t.Fatalf("a revoked key, with NATS half open: %d, then %d %v", gone.Status, me.Status, err)
	}
	closed := keyOf(s, user, "closed")
	s.standing(user, false)
	if me, err := s.backend.Me(t.Context(), closed); err != nil || me.Text("reason") != "user_disabled" {
		t.Fatalf("a key of whom the backend has disabled, with NATS half open: %d %v", me.Status, err)
	}
	s.wait("the worker to notice", func() (bool, string) {
		text, err := s.get(s.stack.Env.WorkerAdminURL + "/readyz?verbose")
		return err == nil && strings.Contains(text, "NATS"), text
	})
	must(t, syscall.Kill(pid, syscall.SIGCONT))
	s.until(user, "revoked")
	s.wait("the outbox to be relayed", func() (bool, string) {
		v := s.metric("tokenstate_outbox_oldest_seconds")
		return v == "0", v
	})
}

// listenerOff: nothing but the event store and looks tells of a logout. The knowledge age says so.
func listenerOff(s *system, t *testing.T) {
	user, tokens := s.login()
	living, _ := s.login()
	s.until(user, "usable")
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.until(user, "revoked")
	s.until(living, "usable")
	s.wait("authapi to say so", func() (bool, string) {
		age := s.age()
		return age >= 5*time.Second && age < 30*time.Second, age.String()
	})
	s.wait("the knowledge age to be that of the event store, which leaves an event to its listener for 5 s", func() (bool, string) {
		v := s.metric("tokenstate_knowledge_age_seconds")
		age, err := strconv.ParseFloat(v, 64)
		return err == nil && age >= 5 && age < 30, v
	})
}

// backupRestored: what was revoked since the backup is revoked after it is restored.
func backupRestored(s *system, t *testing.T) {
	loggedOut, tokens := s.login()
	disabled, _ := s.login()
	banned, _ := s.login()
	living, _ := s.login()
	revoked, old, kept := keyOf(s, living, "revoked"), keyOf(s, living, "old"), keyOf(s, living, "kept")
	closed, shut := keyOf(s, disabled, "closed"), keyOf(s, banned, "shut")
	s.until(loggedOut, "usable")

	dir := s.dataDirectory()
	s.stopPostgres()
	copyTree(t, dir, dir+".yesterday")
	must(t, s.stack.Restart(t.Context(), "postgres"))

	must(t, s.keycloak.Logout(t.Context(), tokens))
	must(t, s.keycloak.Enable(t.Context(), disabled, false))
	for _, name := range []string{"revoked", "old"} {
		// Postgres was away a moment ago: a write may meet a connection of before, and is told so (503).
		s.wait("the key "+name+" to be revoked", func() (bool, string) {
			a, err := s.backend.Call(t.Context(), http.MethodDelete, "/api/service/users/"+living+"/orgs/org/api-keys/"+name, "", nil)
			return err == nil && a.Status == http.StatusOK, fmt.Sprint(a.Status, err)
		})
	}
	young := keyOf(s, living, "old") // a new generation
	s.standing(banned, false)
	s.until(loggedOut, "revoked")
	s.wait("the orders to be in the log", func() (bool, string) {
		v := s.metric("tokenstate_outbox_oldest_seconds")
		return v == "0", v
	})
	s.marked()

	s.stopPostgres()
	must(t, exec.CommandContext(t.Context(), "rm", "-rf", dir).Run())
	must(t, exec.CommandContext(t.Context(), "mv", dir+".yesterday", dir).Run())
	before := s.epoch
	watched := s.neverAdmitted(revoked, closed, shut)
	must(t, s.stack.Restart(t.Context(), "postgres"))
	s.wait("a new epoch that is confirmed", func() (bool, string) {
		epoch, confirmed := s.readEpoch()
		return epoch > before && confirmed, ""
	})
	s.until(loggedOut, "revoked")
	s.until(living, "usable")
	// A key minted since the backup is not restored; all revocations are.
	for name, want := range map[string]struct {
		key    string
		status int
	}{
		"revoked": {revoked, 401}, "an old generation": {old, 401}, "kept": {kept, 200}, "of a disabled user": {closed, 401}, "minted since": {young, 401}, "of whom the backend disabled": {shut, 401},
	} {
		s.wait("the key "+name, func() (bool, string) {
			me, err := s.backend.Me(t.Context(), want.key)
			return err == nil && me.Status == want.status, me.Text("reason")
		})
	}
	watched()
	if again := keyOf(s, living, "old"); again == old {
		t.Fatal("the revoked generation was minted again")
	}
	must(t, s.keycloak.Enable(t.Context(), disabled, true))
}

// neverAdmitted asks about keys all the time, until the function that it gives is called: an authapi
// that has read yesterday's state must not answer from it.
func (s *system) neverAdmitted(keys ...string) (end func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	asked := 0
	go func() {
		defer close(done)
		for ; ctx.Err() == nil; play.Pause(ctx, 20*time.Millisecond) {
			for _, key := range keys {
				me, err := s.backend.Me(ctx, key)
				if asked++; err == nil && me.Status == http.StatusOK {
					s.t.Errorf("a key that was revoked since the backup passes: %v", me.Body)
					return
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
		s.t.Logf("asked %d times during the restore", asked)
	}
}

func keyOf(s *system, user, name string) string {
	s.t.Helper()
	a, err := s.backend.Mint(s.t.Context(), user, "org", name)
	must(s.t, err)
	return a.Text("key")
}

// standing is the backend's own word.
func (s *system) standing(user string, enabled bool) {
	s.t.Helper()
	a, err := s.backend.Call(s.t.Context(), http.MethodPost, "/v1/users/"+user+"/standing", "", map[string]any{"enabled": enabled, "reason": "test"})
	must(s.t, err)
	if a.Status != http.StatusOK {
		s.t.Fatalf("standing: %d %v", a.Status, a.Body)
	}
}

func (s *system) dataDirectory() (dir string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	must(s.t, conn.QueryRow(s.t.Context(), "SHOW data_directory").Scan(&dir))
	must(s.t, conn.Close(s.t.Context()))
	return dir
}

// stopPostgres as its operator would (fast shutdown), so that the copy is whole.
func (s *system) stopPostgres() {
	s.t.Helper()
	s.epoch, _ = s.readEpoch()
	must(s.t, s.stack.Kill("postgres", syscall.SIGINT))
}

func (s *system) readEpoch() (epoch int64, confirmed bool) {
	conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
	if err != nil {
		return 0, false
	}
	defer func() { _ = conn.Close(s.t.Context()) }()
	_ = conn.QueryRow(s.t.Context(), "SELECT epoch, confirmed FROM tokenstate.epoch").Scan(&epoch, &confirmed)
	return epoch, confirmed
}

// marked waits for a mark of the worker beyond the backup: without one nobody could know.
func (s *system) marked() {
	s.t.Helper()
	var from uint64
	last := func() (seq uint64) {
		s.operator(func(ctx context.Context, js jetstream.JetStream) error {
			st, err := js.Stream(ctx, "TOKENSTATE")
			if err != nil {
				return err
			}
			m, err := st.GetLastMsgForSubject(ctx, "tokenstate.v1._.mark.worker")
			if err == nil {
				seq = m.Sequence
			}
			return nil
		})
		return seq
	}
	from = last()
	s.wait("the worker's next mark", func() (bool, string) { return last() > from, "" })
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
