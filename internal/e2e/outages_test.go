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

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/play"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// question is a column of the matrix: a call, and its answer by the decision table.
type question struct {
	name string
	ask  func() string
	want func(down map[string]bool, restarted bool) string
}

func always(answer string) func(map[string]bool, bool) string {
	return func(map[string]bool, bool) string { return answer }
}

// outages: Postgres, NATS and Keycloak down in all combinations, authapi warm and restarted, and
// each answer as reliability.md's decision table has it.
func outages(s *system, t *testing.T) {
	qs := s.questions()
	parts := []string{"postgres", "nats", "keycloak"}
	lines := []string{row("down", "authapi", "ready", "age", "p99 of a key", qs)}
	for _, down := range [][]string{
		{}, {"nats"}, {"postgres"}, {"postgres", "nats"}, // Keycloak takes longest to start
		{"keycloak"}, {"nats", "keycloak"}, {"postgres", "keycloak"}, {"postgres", "nats", "keycloak"},
	} {
		since := s.bring(parts, down)
		is := map[string]bool{}
		for _, p := range down {
			is[p] = true
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				must(t, s.stack.Kill("authapi", syscall.SIGKILL))
				must(t, s.stack.Restart(t.Context(), "authapi")) // waits until it is ready
			}
			lines = append(lines, s.cell(down, is, restarted, since, qs))
		}
	}
	s.bring(parts, nil)
	s.withoutWorker()
	t.Log("\n" + strings.Join(lines, "\n"))
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
// It returns since when the last one is down.
func (s *system) bring(parts, down []string) (since time.Time) {
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

// cell asks all questions and prints a line. Mistakes are marked.
func (s *system) cell(down []string, is map[string]bool, restarted bool, since time.Time, qs []question) string {
	s.t.Helper()
	name := strings.Join(down, "+")
	if name == "" {
		name = "nothing"
	}
	how := "warm"
	if restarted {
		how = "restarted"
	}
	ready, _ := s.raw(http.MethodGet, "", "/readyz", "")
	age := s.age()
	if floor := time.Since(since) - 2*time.Second; len(down) > 0 && age < floor || len(down) == 0 && age > 5*time.Second {
		s.t.Errorf("%s, %s: the knowledge age is %s, %s after the outage began", name, how, age, time.Since(since))
	}
	if ready != http.StatusOK {
		s.t.Errorf("%s, %s: not ready: %d", name, how, ready)
	}
	var answers []question
	for _, q := range qs {
		got, want := q.ask(), q.want(is, restarted)
		if got != want {
			s.t.Errorf("%s, %s, %s: %s, want %s", name, how, q.name, got, want)
			got += " (want " + want + ")"
		}
		answers = append(answers, question{name: got})
	}
	return row(name, how, fmt.Sprint(ready == http.StatusOK), age.Round(100*time.Millisecond).String(), s.p99(), answers)
}

func row(down, how, ready, age, p99 string, cells []question) string {
	line := fmt.Sprintf("| %-22s | %-9s | %-5s | %-6s | %-12s |", down, how, ready, age, p99)
	for i, c := range cells {
		line += fmt.Sprintf(" %-*s |", []int{8, 11, 15, 17, 18, 21, 33, 33}[i], c.name)
	}
	return line
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
	return took[len(took)*99/100].Round(10 * time.Microsecond).String()
}

// raw is a call whose header is of interest: of the API, or with admin of the admin port.
func (s *system) raw(method, path, admin, key string) (int, http.Header) {
	s.t.Helper()
	url := s.stack.Env.AuthapiURL + path
	if admin != "" {
		url = s.stack.Env.AuthapiAdminURL + admin
	}
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

// questions makes the people and keys that the matrix is about, and waits until all is known.
func (s *system) questions() []question {
	s.t.Helper()
	ctx := s.t.Context()
	living, _ := s.login()
	gone, tokens := s.login()
	disabled, _ := s.login()
	s.liveKey = keyOf(s, living, "live")
	revoked, closed := keyOf(s, living, "revoked"), keyOf(s, disabled, "closed")
	a, err := s.backend.Call(ctx, http.MethodDelete, "/api/service/users/"+living+"/orgs/org/api-keys/revoked", "", nil)
	must(s.t, err)
	if a.Status != http.StatusOK {
		s.t.Fatalf("revoke: %d", a.Status)
	}
	must(s.t, s.keycloak.Logout(ctx, tokens))
	must(s.t, s.keycloak.Enable(ctx, disabled, false))
	s.until(living, "usable")
	s.until(gone, "revoked")
	s.wait("the disabled owner", func() (bool, string) {
		me, err := s.backend.Me(ctx, closed)
		return err == nil && me.Text("reason") == "user_disabled", fmt.Sprint(me.Body, err)
	})
	unknown := s.unknownKey()
	me := func(key string) func() string {
		return func() string {
			a, err := s.backend.Me(ctx, key)
			must(s.t, err)
			return strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason")))
		}
	}
	access := func(user string, body map[string]any) func() string {
		return func() string {
			a, err := s.backend.Call(ctx, http.MethodPost, "/v1/users/"+user+"/access-token", "", body)
			must(s.t, err)
			return strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason"), a.Text("source")))
		}
	}
	s.living = living
	s.keptByNow()
	return []question{
		{"live key", me(s.liveKey), always("200")},
		{"revoked key", me(revoked), always("401 revoked")},
		{"unknown key", me(unknown), func(down map[string]bool, _ bool) string {
			if down["postgres"] {
				return "503 undecidable"
			}
			return "401 unknown"
		}},
		{"disabled owner", me(closed), always("401 user_disabled")},
		{"access, known dead", access(gone, map[string]any{}), always("409 session_ended")},
		{"access, had before", access(living, map[string]any{}), func(down map[string]bool, restarted bool) string {
			if down["postgres"] && restarted { // it lies in Postgres only
				return "503 store_unavailable"
			}
			return "200 cache"
		}},
		{"access, to be refreshed", access(living, map[string]any{"min_valid_s": 3600}), func(down map[string]bool, _ bool) string {
			switch {
			case down["postgres"]: // so does the offline token
				return "503 store_unavailable"
			case down["keycloak"]:
				return "503 identity_provider_unavailable"
			}
			return "200 refresh"
		}},
		{"decide", func() string {
			a, err := s.backend.Call(ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": []any{
				map[string]any{"user_id": living}, map[string]any{"user_id": gone}, map[string]any{"api_key": s.liveKey}, map[string]any{"api_key": revoked},
			}})
			must(s.t, err)
			items, _ := a.Body["items"].([]any)
			said := fmt.Sprint(a.Status)
			for _, i := range items {
				said += " " + fmt.Sprint(i.(map[string]any)["state"])
			}
			return said
		}, always("200 usable revoked usable revoked")},
	}
}

// unknownKey has our format and no row.
func (s *system) unknownKey() string {
	s.t.Helper()
	user, _ := s.login()
	pool, err := pgxpool.New(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer pool.Close()
	key := keyOf(s, user, "lost")
	_, err = pool.Exec(s.t.Context(), "DELETE FROM tokenstate.api_key WHERE user_id = $1", user)
	must(s.t, err)
	must(s.t, s.stack.Kill("authapi", syscall.SIGTERM))
	must(s.t, s.stack.Restart(s.t.Context(), "authapi"))
	return key
}

// keptByNow waits until a snapshot has been kept that began after now.
func (s *system) keptByNow() {
	s.t.Helper()
	began := time.Now()
	user, _ := s.login() // a change, so that there is something to keep
	keyOf(s, user, "any")
	s.wait("the snapshot on disk", func() (bool, string) {
		text, err := s.get(s.stack.Env.AuthapiAdminURL + "/metrics")
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
