package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/adapters"
	"github.com/tokenstate/tokenstate/internal/console/login"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/console/upstream"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// withConsole is a console on w's database, with the rights of tokenstate_console alone, and on w's
// authapi over HTTP.
func (w *world) withConsole() (pages *httptest.Server, api *upstream.Authapi) {
	t := w.t
	t.Helper()
	config := w.pool.Config().Copy()
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE tokenstate_console")
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	authapi := httptest.NewServer(w.handler)
	t.Cleanup(authapi.Close)
	source := pgsource.NewShown(pool, 50*time.Millisecond)
	known := projection.New(source, projection.Options{}, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = known.Run(ctx) }()
	running := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
		<-running
		source.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	_, head, err := w.store.Facts(t.Context())
	must(t, err)
	must(t, known.WaitVersion(t.Context(), head))
	api = &upstream.Authapi{URL: authapi.URL, Credential: secret.New(w.service), OfRealm: "demo"}
	var s *console.Server
	pages = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(rw, r) }))
	t.Cleanup(pages.Close)
	at, err := url.Parse(pages.URL)
	must(t, err)
	store, held := postgres.New(pool), keyrows.New(pool)
	s = console.New(console.Config{
		Known: known, Rows: adapters.Rows{Store: store, Held: held}, Checks: adapters.Checks{Store: store, Held: held}, Authapi: api,
		Logins: console.Logins{Open: true}, Public: at, Logger: zerolog.Nop(), Samples: func() []page.Sample { return nil },
	})
	go func() { defer close(running); _ = s.Run(ctx) }()
	return pages, api
}

func (w *world) page(s *httptest.Server, path string, form url.Values) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, s.URL+path, nil)
	if form != nil {
		r, err = http.NewRequestWithContext(w.t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	}
	must(w.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.Client().Do(r)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(w.t, err)
	if res.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %d %.500s", path, res.StatusCode, raw)
	}
	return html.UnescapeString(string(raw))
}

// Ensure every page can be put together with the rights of tokenstate_console alone, an order that is
// given there acts and is told on the user's page, and its typed number is asked for.
func TestConsoleOnARealDatabase(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.put(offline("s", now())).want(t, http.StatusCreated)
	s, _ := w.withConsole()
	for path, want := range map[string]string{
		"/": "Is it right?", "/users/demo/u": "automation", "/tokens": "app", "/keys": "automation", "/tokens.csv": "demo,u,app,s", "/keys.csv": "automation",
		"/orders": "A new order", "/parked": "every message of the log could be read", "/log": "Applied up to", "/audit": "service:all", "/setup": "WORKER_SKEW", "/plots": "Nothing was measured",
	} {
		w.server.Flush(t.Context())
		if got := w.page(s, path, nil); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q: %s", path, want, got)
		}
	}
	order := url.Values{"user": {"u"}, "what": {"disable"}, "reason": {"left the company"}}
	m := regexp.MustCompile(`It changes (\d+) of`).FindStringSubmatch(w.page(s, "/orders/preview", order))
	if m == nil || m[1] != "2" {
		t.Fatalf("the preview says %v", m)
	}
	order.Set("shown", m[1])
	order.Set("number", m[1])
	if got := w.page(s, "/orders", order); !strings.Contains(got, "has reached 1 user, 1 tokens and 1 keys") {
		t.Errorf("given: %s", got)
	}
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
	w.eventually("the console shows the order", func() bool {
		got := w.page(s, "/users/demo/u", nil)
		return strings.Contains(got, "user_disabled") && strings.Contains(got, "refused") && strings.Contains(got, "Do:")
	})
	whole := w.page(s, "/why", url.Values{"q": {key}})
	if strings.Contains(whole, key) || !strings.Contains(whole, "owner of the key") {
		t.Errorf("a pasted key: %s", whole)
	}
}

// Ensure the checks do with the rights of tokenstate_console alone, agree about a sound database, and find what is not; and
// that what somebody verified by the command is told.
func TestConsolesChecksOnARealDatabase(t *testing.T) {
	w := newWorld(t)
	w.mint("automation")
	w.put(offline("s", now())).want(t, http.StatusCreated)
	s, _ := w.withConsole()
	must(t, w.store.NoteVerify(t.Context(), "operator ann", true, "12 journal lines were compared, and they agree"))
	check := func(name, want string) {
		t.Helper()
		w.page(s, "/log/check", url.Values{"what": {name}})
		w.eventually(name+" says: "+want, func() bool { return strings.Contains(w.page(s, "/log", nil), want) })
	}
	w.eventually("the command's run is told", func() bool { return strings.Contains(w.page(s, "/log", nil), "12 journal lines were compared") })
	check("verify", "were compared, and they agree.")
	check("replay", "0 verdicts would change")
	_, err := w.pool.Exec(t.Context(), "INSERT INTO tokenstate.fact_pardon (cause, at_ms, tie, pardoned_by, reason) VALUES ('c', 1, '', 'nobody', 'x')")
	must(t, err)
	check("verify", "extra fact: pardon")
}

// Ensure a credential is let in if authapi takes it and it has the scope explain, and no other text
// even leaves the console; and that a person's name goes with what is asked for them.
func TestConsolesCredentials(t *testing.T) {
	w := newWorld(t)
	_, api := w.withConsole()
	c := login.Credential{Try: api.Try}
	good, few := w.credential("support", "demo", []string{gate.ScopeExplain}, nil), w.credential("few", "demo", []string{gate.ScopeDecide}, nil)
	v, id, err := c.Check(t.Context(), good)
	if err != nil || v.Role != console.Support || v.Person {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := id.Still(t.Context()); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{"without the scope": few, "none": "", "another form": "hello", "one letter less": good[:len(good)-1]} {
		if _, _, err := c.Check(t.Context(), text); !errors.Is(err, console.ErrOut) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyrows.New(w.pool).DeleteServiceKey(t.Context(), "support"); err != nil {
		t.Fatal(err)
	}
	w.caughtUp()
	if _, err := id.Still(t.Context()); !errors.Is(err, console.ErrOut) {
		t.Errorf("a credential that is no more: %v", err)
	}
	ann := console.Visitor{Name: "ann", Person: true}
	if _, err := api.Explain(t.Context(), ann, "nobody"); !errors.Is(err, console.ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
	if done, err := api.Give(t.Context(), ann, page.Intent{User: "u", What: page.OrderBoth, Reason: "x"}); err != nil || done.Event == "" {
		t.Errorf("%+v %v", done, err)
	}
	w.server.Flush(t.Context())
	var actors []string
	_, _, err = keyrows.New(w.pool).EachAct(t.Context(), 0, func(_ int64, a keyrows.Act) { actors = append(actors, a.Actor) })
	must(t, err)
	if !strings.Contains(fmt.Sprint(actors), "service:all for ann") {
		t.Errorf("the audit has %q", actors)
	}
}

// Ensure a console that would let strangers in, or could let nobody in, does not start, and says all
// that is wrong at once.
func TestConsolesFaultsAreToldAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"open to the network":   {map[string]string{"CONSOLE_LOGIN": "none", "CONSOLE_ADDR": "0.0.0.0:8090"}, []string{"lets everybody in", "CONSOLE_URL is http"}},
		"open beside a login":   {map[string]string{"CONSOLE_LOGIN": "none,credential", "CONSOLE_AUTHAPI_URL": "https://a.example"}, []string{"lets everybody in"}},
		"no issuer, no secret":  {map[string]string{}, []string{"needs CONSOLE_ISSUER"}},
		"a credential for none": {map[string]string{"CONSOLE_LOGIN": "credential", "CONSOLE_SERVICE_KEY": "x"}, []string{"needs CONSOLE_AUTHAPI_URL: authapi checks it", "and CONSOLE_REALM beside it"}},
		"a path in the URL":     {map[string]string{"CONSOLE_LOGIN": "none", "CONSOLE_URL": "https://a.example/b"}, []string{"a URL of a host alone"}},
		"another word":          {map[string]string{"CONSOLE_LOGIN": "password"}, []string{"not a list of oidc and credential"}},
		"no address to scrape":  {map[string]string{"CONSOLE_LOGIN": "none", "CONSOLE_SCRAPE": "worker:9090"}, []string{"CONSOLE_SCRAPE is not"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			err := program().Run(t.Context(), []string{"authapi", "console"})
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("lacks %q: %v", want, err)
				}
			}
		})
	}
}
