package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// question is a column of the matrix: a call, and its answer by the decision table.
type question struct {
	name string
	ask  func() string
	want func(down map[string]bool, restarted bool) string
}

func always(answer string) func(map[string]bool, bool) string {
	return func(map[string]bool, bool) string { return answer }
}

// without a part the answer is away.
func without(part, away, answer string) func(map[string]bool, bool) string {
	return func(down map[string]bool, _ bool) string {
		if down[part] {
			return away
		}
		return answer
	}
}

// outageColumns are the matrix's: eight combinations, each warm and restarted.
const outageColumns = 16

// outages: Postgres, NATS and Keycloak down in all combinations, authapi warm and restarted, and
// each answer as docs/operations.md has it.
func outages(s *system, t *testing.T) {
	c := s.outageCast()
	s.living, s.liveKey = c.living, c.live
	strict := s.strictReplica()
	qs := append(s.reads(c), s.writes(c)...)
	s.keptByNow(s.stack.Env.AuthapiAdminURL)
	s.keptByNow(strict.admin)
	s.withoutWorker()
	parts := []string{"postgres", "nats", "keycloak"}
	m := matrix{names: []string{"age", "p99 of a key", "ready"}}
	for _, q := range qs {
		m.names = append(m.names, q.name)
	}
	m.names = append(m.names, strict.name())
	for _, down := range [][]string{
		{}, {"nats"}, {"postgres"}, {"postgres", "nats"}, // Keycloak takes longest to start
		{"keycloak"}, {"nats", "keycloak"}, {"postgres", "keycloak"}, {"postgres", "nats", "keycloak"},
	} {
		since := s.bring(parts, down, func() { strict.young(c) })
		is, cells := map[string]bool{}, map[bool][]string{}
		for _, p := range down {
			is[p] = true
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				must(t, s.stack.Kill("authapi", syscall.SIGKILL))
				must(t, s.stack.Restart(t.Context(), "authapi")) // waits until it is ready
			}
			cells[restarted] = s.column(down, is, restarted, since, qs)
		}
		if len(down) > 0 {
			strict.old(c, since)
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				strict.restart()
			}
			m.add(down, restarted, append(cells[restarted], strict.ask(c, down)))
		}
	}
	for _, p := range parts[:2] { // what is told is held to them; Keycloak takes long to start, and nobody asks it any more
		must(t, s.stack.Restart(t.Context(), p))
	}
	t.Log("\n" + m.String())
}

// withoutWorker: Keycloak and its listener speak, and nobody listens. The age says so, and answers go on.
func (s *system) withoutWorker() {
	s.t.Helper()
	must(s.t, s.stack.Kill("worker", syscall.SIGKILL))
	play.Pause(s.t.Context(), 4*time.Second)
	if age := s.age(); age < 3*time.Second {
		s.t.Errorf("without a worker for 4 s the knowledge age is %s", age)
	}
	if a, err := s.backend.Me(s.t.Context(), s.liveKey); err != nil || a.Status != http.StatusOK {
		s.t.Errorf("without a worker a live key: %d %v", a.Status, err)
	}
	must(s.t, s.stack.Restart(s.t.Context(), "worker"))
}

// bring has exactly these parts down, and authapi warm before they go: what it may know, it knows.
// It returns since when the last one is down. whole waits for whatever else must be right while nothing is.
func (s *system) bring(parts, down []string, whole func()) (since time.Time) {
	s.t.Helper()
	for _, p := range parts {
		if s.killed[p] && (p != "keycloak" || !slices.Contains(down, p)) { // Keycloak takes long to start
			must(s.t, s.stack.Restart(s.t.Context(), p))
			delete(s.killed, p)
		}
	}
	s.wait("a warm authapi", func() (bool, string) {
		a, err := s.backend.Access(s.t.Context(), s.living)
		return err == nil && a.Status == http.StatusOK, fmt.Sprint(a.Body, err)
	})
	if len(s.killed) == 0 {
		s.wait("a young knowledge", func() (bool, string) { return s.age() < 3*time.Second, s.age().String() })
		whole()
	}
	for _, p := range down {
		if !s.killed[p] {
			must(s.t, s.stack.Kill(p, syscall.SIGKILL))
			s.killed[p] = true
		}
	}
	since = time.Now()
	if s.killed["postgres"] {
		play.Pause(s.t.Context(), 1100*time.Millisecond) // an id that was not found is remembered for a second
	}
	return since
}

// age is what authapi says of its knowledge.
func (s *system) age() time.Duration {
	s.t.Helper()
	_, header := s.raw(http.MethodGet, "/api/service/health", "", "")
	ms, err := strconv.ParseInt(header.Get("Tokenstate-Age-Ms"), 10, 64)
	must(s.t, err)
	return time.Duration(ms) * time.Millisecond
}

// column asks all questions. Mistakes are marked.
func (s *system) column(down []string, is map[string]bool, restarted bool, since time.Time, qs []question) []string {
	s.t.Helper()
	name := fmt.Sprintf("%v down, restarted: %v", down, restarted)
	ready, _ := s.raw(http.MethodGet, "", "/readyz", "")
	floor := time.Since(since) - 2*time.Second
	age := s.age()
	if len(down) > 0 && age < floor {
		s.t.Errorf("%s: the knowledge age is %s, %s after the outage began", name, age, time.Since(since))
	}
	if ready != http.StatusOK {
		s.t.Errorf("%s: not ready: %d", name, ready)
	}
	cells := []string{age.Round(time.Second).String(), s.p99(), strconv.FormatBool(ready == http.StatusOK)}
	for _, q := range qs {
		got, want := q.ask(), q.want(is, restarted)
		if got != want {
			s.t.Errorf("%s, %s: %s, want %s", name, q.name, got, want)
			got += " (want " + want + ")"
		}
		cells = append(cells, got)
	}
	return cells
}

// p99 of two hundred calls with a live key.
func (s *system) p99() string {
	s.t.Helper()
	var took []time.Duration
	for range 200 {
		a, err := s.backend.Me(s.t.Context(), s.liveKey)
		must(s.t, err)
		took = append(took, a.Took)
	}
	slices.Sort(took)
	return took[len(took)*99/100].Round(100 * time.Microsecond).String()
}

// raw is a call whose header is of interest: of the API, or with admin of the admin port.
func (s *system) raw(method, path, admin, key string) (int, http.Header) {
	s.t.Helper()
	url := s.stack.Env.AuthapiURL + path
	if admin != "" {
		url = s.stack.Env.AuthapiAdminURL + admin
	}
	return s.headerOf(method, url, key)
}

// headerOf is a call of whichever replica.
func (s *system) headerOf(method, url, key string) (int, http.Header) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	must(s.t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res.StatusCode, res.Header
}

// keptByNow waits until a replica has kept a snapshot that began after now.
func (s *system) keptByNow(admin string) {
	s.t.Helper()
	began := time.Now()
	user, _ := s.login() // a change, so that there is something to keep
	keyOf(s, user, "any")
	s.wait("the snapshot on disk", func() (bool, string) {
		text, err := s.get(admin + "/metrics")
		if err != nil {
			return false, err.Error()
		}
		for line := range strings.Lines(text) {
			if v, ok := strings.CutPrefix(line, "tokenstate_snapshot_age_seconds "); ok {
				age, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
				return age >= 0 && time.Duration(age*float64(time.Second)) < time.Since(began), v
			}
		}
		return false, "no such metric"
	})
}
