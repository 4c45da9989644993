package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const limit = 2 * time.Minute

// system is a stack of this test's own, since its parts are killed.
type system struct {
	t        *testing.T
	stack    *devstack.Stack
	root     string
	logDir   string
	keycloak *play.Keycloak
	backend  *play.Backend
	people   int
	epoch    int64

	killed          map[string]bool // by bring
	living, liveKey string          // of outages
}

func start(t *testing.T, opts devstack.Options) *system {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	opts.Throwaway, opts.Root, opts.Logs = true, root, filepath.Join(root, ".dev", "log", "e2e", t.Name())
	must(t, os.RemoveAll(opts.Logs)) // a secret in a log is to be this run's
	s, err := devstack.Start(ctx, opts)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &system{t: t, stack: s, root: root, logDir: opts.Logs, keycloak: play.KeycloakOf(s.Env), backend: play.BackendOf(s.Env), killed: map[string]bool{}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keycloakOnly makes a user with an offline token of which tokenstate is not told.
func (s *system) keycloakOnly() (user string, tokens play.Tokens) {
	s.t.Helper()
	s.people++
	name := fmt.Sprintf("user-%d", s.people)
	user, err := s.keycloak.NewUser(s.t.Context(), name)
	must(s.t, err)
	tokens, err = s.keycloak.Grant(s.t.Context(), "app", name, play.Offline)
	must(s.t, err)
	return user, tokens
}

// login makes a user with a stored offline token.
func (s *system) login() (user string, tokens play.Tokens) {
	s.t.Helper()
	user, tokens = s.keycloakOnly()
	a, err := s.backend.Store(s.t.Context(), tokens)
	must(s.t, err)
	if a.Status != http.StatusCreated {
		s.t.Fatalf("store: %d %v", a.Status, a.Body)
	}
	return user, tokens
}

// until waits for a verdict.
func (s *system) until(user, state string) {
	s.t.Helper()
	s.untilOf(s.backend, user, state)
}

// untilOf waits for the verdict of one replica: each follows the worker by itself.
func (s *system) untilOf(b *play.Backend, user, state string) {
	s.t.Helper()
	s.wait("the verdict "+state, func() (bool, string) {
		v, err := b.Decide(s.t.Context(), []play.Question{{User: user}})
		return err == nil && v[0].State == state && !v[0].InDoubt, fmt.Sprint(v, err)
	})
}

func (s *system) wait(what string, there func() (bool, string)) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for {
		ok, last := there()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%s has not come within %s: %s", what, limit, last)
		}
	}
}

// logged reads the whole log and learns each message twice, the copies in another order.
func (s *system) logged(at uint64) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	log, err := stream.Connect(ctx, stream.Options{URL: s.stack.Env.NATSURL, Inbox: "_INBOX_op", Name: "e2e", Logger: zerolog.Nop()})
	must(s.t, err)
	defer log.Close()
	r, err := log.Read(ctx, 0)
	must(s.t, err)
	defer r.Stop()
	var learnt []tokenstate.Facts
	for seq := uint64(0); seq < at; {
		e, err := r.Next(ctx)
		must(s.t, err)
		m, err := events.Decode(e.Raw)
		must(s.t, err)
		m, err = events.Arrived(m, e.Subject, e.Received)
		must(s.t, err)
		learnt = append(learnt, tokenstate.Learn(m))
		seq = e.Seq
	}
	f := tokenstate.NewFacts()
	for _, one := range learnt {
		f.Add(one)
	}
	for i := range learnt {
		f.Add(learnt[len(learnt)-1-i])
	}
	return dump(s.t, f)
}

// stored reads the facts in Postgres, and up to where the log was applied by then.
func (s *system) stored() (string, uint64) {
	s.t.Helper()
	pool, err := pgxpool.New(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer pool.Close()
	st := postgres.New(pool)
	for { // until no batch came between the two readings
		before, err := st.Floor(s.t.Context())
		must(s.t, err)
		f, _, err := st.Facts(s.t.Context())
		must(s.t, err)
		after, err := st.Floor(s.t.Context())
		must(s.t, err)
		if before == after {
			return dump(s.t, f), after.Seq
		}
	}
}

func dump(t *testing.T, f tokenstate.Facts) string {
	t.Helper()
	var b bytes.Buffer
	must(t, f.Dump(&b))
	return b.String()
}

// relayed waits until each order, which acts before it is in the log, has come back from there.
func (s *system) relayed() {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) }()
	s.wait("the orders in the log", func() (bool, string) {
		var n int
		err := conn.QueryRow(s.t.Context(), "SELECT count(*) FROM tokenstate.outbox o WHERE NOT EXISTS (SELECT FROM tokenstate.journal j WHERE j.id = o.id)").Scan(&n)
		return err == nil && n == 0, fmt.Sprint(n, err)
	})
}

// sameAsTheLog compares the facts in Postgres with those that the log teaches.
func (s *system) sameAsTheLog() {
	s.t.Helper()
	got, at := s.stored()
	want := s.logged(at)
	if got != want || at == 0 {
		s.t.Fatalf("after %d messages Postgres has %d bytes of facts, the log teaches %d:\n%s", at, len(got), len(want), difference(got, want))
	}
	s.t.Logf("the facts of %d messages are the same, %d bytes", at, len(got))
}

func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return as[i] + "\n" + bs[i]
		}
	}
	return "one is the beginning of the other"
}

// secondWorker starts another worker beside the stack's, which reaches Postgres by its own way, and gives its admin
// port's URL.
func (s *system) secondWorker(database string) (url string) {
	s.t.Helper()
	addr, err := devstack.FreeAddr()
	must(s.t, err)
	cmd := exec.Command(filepath.Join(s.root, ".dev", "bin", "revocation-worker"), "run")
	cmd.Env = append(s.stack.Env.Pairs(), "WORKER_ADMIN_ADDR="+addr, "NATS_URL="+s.stack.NATSWorkerURL(), "DATABASE_URL="+database)
	cmd.Stderr = os.Stderr
	must(s.t, cmd.Start())
	s.t.Cleanup(func() {
		must(s.t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("the second worker did not stop in good order: %v", err)
		}
	})
	return "http://" + addr
}

// active asks a worker's metrics whether it is the one that acts.
func (s *system) active(url string) (bool, error) {
	text, err := s.get(url + "/metrics")
	if err == nil && !strings.Contains(text, "\ntokenstate_worker_active ") {
		err = errors.New("no such metric")
	}
	return strings.Contains(text, "\ntokenstate_worker_active 1"), err
}

func (s *system) get(url string) (string, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, nil)
	must(s.t, err)
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return string(raw), err
}
