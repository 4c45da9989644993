package ops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/urfave/cli/v3"
	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExitCodes(t *testing.T) {
	app := func(args ...string) error {
		c := &cli.Command{Name: "x", Commands: []*cli.Command{{Name: "run", Action: func(context.Context, *cli.Command) error { return nil }}}}
		strict(c)
		c.Writer, c.ErrWriter = &strings.Builder{}, &strings.Builder{}
		return c.Run(t.Context(), append([]string{"x"}, args...))
	}
	for want, errs := range map[int][]error{
		0: {nil, context.Canceled, app("run"), app()},
		1: {errors.New("x")},
		2: {app("typo"), app("run", "--typo"), app("run", "more"), app("--typo"), fmt.Errorf("a: %w", settings.ErrConfiguration)},
		3: {fmt.Errorf("a: %w", ErrDifferences), fmt.Errorf("a: %w", ErrNothingReached)},
	} {
		for i, err := range errs {
			if got := code(err, false); got != want {
				t.Errorf("%d of %d: exit code %d for %v", i, want, got, err)
			}
		}
	}
	if code(nil, true) != 130 {
		t.Error("an interrupted program must say so")
	}
}

// Ensure each program says which it is: to whom asks at the shell, and to whom scrapes it.
func TestVersion(t *testing.T) {
	var out strings.Builder
	app := &cli.Command{Name: "x", Version: Built(7), Writer: &out}
	strict(app)
	if err := app.Run(t.Context(), []string{"x", "--version"}); err != nil || !strings.HasPrefix(out.String(), "x version "+Version+" (revision ") || !strings.Contains(out.String(), "schema 7)") {
		t.Errorf("%q %v", out.String(), err)
	}
	changes, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil || !strings.Contains(string(changes), "## "+Version) {
		t.Errorf("CHANGELOG.md has no section %s (%v)", Version, err)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(BuildInfo("x"))
	fams, err := r.Gather()
	if err != nil || len(fams) != 1 || fams[0].GetName() != "tokenstate_build_info" || fams[0].GetMetric()[0].GetGauge().GetValue() != 1 {
		t.Errorf("%v %v", fams, err)
	}
}

func TestReady(t *testing.T) {
	ok := false
	a := &Admin{Gatherer: prometheus.NewRegistry(), Checks: []Check{{"log", func() (bool, string) { return ok, "NATS does not answer" }}}}
	ask := func(path string, want int, word string) {
		t.Helper()
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want || !strings.Contains(w.Body.String(), word) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	ask("/livez", 200, "ok")
	ask("/readyz", 503, "NATS does not answer")
	ok = true
	ask("/readyz?verbose", 200, `"log"`)
	a.Stopping()
	ask("/readyz", 503, "told to stop")
	ask("/metrics", 200, "")
}

// Ensure profiles are there when they are asked for, and not otherwise: they show what is in memory.
func TestProfiles(t *testing.T) {
	for on, want := range map[bool]int{false: http.StatusNotFound, true: http.StatusOK} {
		a := &Admin{Gatherer: prometheus.NewRegistry(), Profiles: on}
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap"} {
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want {
				t.Errorf("profiles %v: %s is %d", on, path, w.Code)
			}
		}
	}
}

// Ensure healthcheck says in JSON what is missing, also where nothing answers.
func TestHealthcheckOutput(t *testing.T) {
	ok := false
	a := &Admin{Gatherer: prometheus.NewRegistry(), Checks: []Check{{"log", func() (bool, string) { return ok, "NATS does not answer" }}}}
	s := httptest.NewServer(a.Handler())
	says := func(fails bool) string {
		t.Helper()
		var out strings.Builder
		c := Healthcheck("x", "X_", strings.TrimPrefix(s.URL, "http://"))
		c.Writer = &out
		if err := c.Run(t.Context(), []string{"healthcheck", "-o", "json"}); (err != nil) != fails {
			t.Errorf("%v", err)
		}
		return strings.Join(strings.Fields(out.String()), "")
	}
	if got := says(true); got != `{"ready":false,"missing":{"log":"NATSdoesnotanswer"}}` {
		t.Error(got)
	}
	ok = true
	if got := says(false); got != `{"ready":true,"missing":{}}` {
		t.Error(got)
	}
	s.Close()
	if got := says(true); got != `{"ready":false,"missing":{}}` {
		t.Error(got)
	}
}

func TestServeSaysWhenItCannot(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := Serve(t.Context(), l.Addr().String(), http.NotFoundHandler()); err == nil {
		t.Fatal("no error for an address in use")
	}
}

func TestServeDrains(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Serve(ctx, "127.0.0.1:0", http.NotFoundHandler()); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
