package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// world is authapi on a real Postgres. Only Keycloak is a fake, for the answers that a real
// one cannot be made to give; the demo and the truth test have the real one.
type world struct {
	t        testing.TB
	pool     *pgxpool.Pool
	read     *pgxpool.Pool // a standby to follow; nil for none
	store    *postgres.Store
	known    *projection.Projection
	server   *authapi.Server
	handler  http.Handler
	idp      *fakeIDP
	log      *syncBuffer
	files    vault.Paths
	held     vault.Secrets
	registry *prometheus.Registry
	floor    uint64
	service  string
	realm    string        // the KEYCLOAK_REALM of commands
	stop     func()        // following the database
	lookups  *atomic.Int64 // by id
	searches *atomic.Int64 // by digest
	behind   *sync.RWMutex // held: what is new in the database is not seen
	finding  *sync.RWMutex // held: who asks the database for a key waits

	maxRequests int    // of what start starts; 0: the default
	docs        string // AUTHAPI_DOCS of what start starts
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorldOn(tb, testenv.Postgres(tb, postgres.MigrateURL))
}

func newWorldOn(tb testing.TB, pool *pgxpool.Pool) *world {
	tb.Helper()
	p := vault.In(tb.TempDir())
	must(tb, vault.Generate(p))
	held, err := vault.Load(p)
	must(tb, err)
	w := &world{t: tb, realm: "demo", files: p, pool: pool, store: postgres.New(pool), idp: newFakeIDP(), log: &syncBuffer{}, held: held}
	w.confirm()
	w.start()
	w.service = w.credential("all", "demo", gate.Scopes(), nil)
	return w
}

// confirm does what a worker does that has read the log to its end.
func (w *world) confirm() {
	w.t.Helper()
	history, err := w.store.History(w.t.Context())
	must(w.t, err)
	must(w.t, w.store.Confirm(w.t.Context(), history))
}

// countedSource counts the keys that memory lacked, and falls behind when told to.
type countedSource struct {
	projection.Source
	n, searches *atomic.Int64
	behind      *sync.RWMutex
	finding     *sync.RWMutex
}

func (c countedSource) FindLegacy(ctx context.Context, digests []apikey.Sum) ([]apikey.Record, error) {
	c.searches.Add(1)
	return c.Source.FindLegacy(ctx, digests)
}

func (c countedSource) News(ctx context.Context, after int64) (projection.News, error) {
	c.behind.RLock()
	defer c.behind.RUnlock()
	return c.Source.News(ctx, after)
}

func (c countedSource) FindKey(ctx context.Context, id string) (apikey.Record, bool, error) {
	c.n.Add(1)
	c.finding.RLock()
	defer c.finding.RUnlock()
	return c.Source.FindKey(ctx, id)
}

// replica is another authapi on the same database and Keycloak, and with the same files.
func (w *world) replica() *world {
	w.t.Helper()
	other := *w
	pool, err := pgxpool.New(w.t.Context(), w.pool.Config().ConnString()) // who follows holds a connection
	must(w.t, err)
	w.t.Cleanup(pool.Close)
	other.pool, other.store = pool, postgres.New(pool)
	other.start()
	other.caughtUp()
	return &other
}

// start makes the server, which follows the database until stop.
func (w *world) start() {
	w.t.Helper()
	source := w.source()
	w.lookups, w.searches, w.behind, w.finding = &atomic.Int64{}, &atomic.Int64{}, &sync.RWMutex{}, &sync.RWMutex{}
	var answering *authapi.Server
	lost := adapters.NewAgain(w.store, zerolog.New(w.log))
	known := projection.New(countedSource{source, w.lookups, w.searches, w.behind, w.finding}, projection.Options{Installed: func(c projection.Change) { answering.Tokens.Installed(c) }, Loaded: func() { answering.Tokens.Loaded() }, Remembered: lost.Remembered}, zerolog.Nop())
	c := &config{mode: "best_effort", maxRequests: w.maxRequests, docs: w.docs}
	w.registry = prometheus.NewRegistry()
	realms := idp.Realms{"demo": {ClientID: "app", Keycloak: w.idp, LoginURL: "https://app.example/login"}}
	server, err := c.server(w.pool, w.held, known, realms, nil, w.registry, zerolog.New(w.log))
	must(w.t, err)
	answering, server.Tokens.Settle = server, time.Millisecond
	w.known, w.server = known, server
	w.handler, err = server.Handler()
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = known.Run(ctx) })
	all.Go(func() { _ = server.Tokens.Housekeep(ctx) })
	all.Go(func() { _ = lost.Run(ctx) })
	w.stop = sync.OnceFunc(func() { cancel(); all.Wait(); source.Close() })
	w.t.Cleanup(w.stop)
	must(w.t, known.WaitVersion(w.t.Context(), 0))
}

func (w *world) source() reader {
	if w.read == nil {
		return pgsource.New(w.pool, time.Hour)
	}
	s := pgsource.NewStandby(w.pool, w.read, time.Hour, zerolog.New(w.log))
	s.MostBehind = time.Hour // tests wait for no machine
	return s
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// credential stores a service credential and waits until it is known.
func (w *world) credential(name, realm string, scopes, orgs []string) string {
	w.t.Helper()
	var e apikey.Entropy
	copy(e.Secret[:], name)
	copy(e.ID[:], name)
	key := apikey.Format(e)
	must(w.t, keyrows.New(w.pool).PutServiceKey(w.t.Context(), keyrows.ServiceKey{
		Name: name, Realm: realm, Scopes: scopes, Orgs: orgs, Digest: apikey.Digest(w.held.Peppers[0], key), PepperID: w.held.Peppers[0].ID,
	}))
	w.caughtUp()
	return key.Text().Reveal()
}

// metric is a counter's value by its one label's.
func (w *world) metric(label string) float64 {
	w.t.Helper()
	all, err := w.registry.Gather()
	must(w.t, err)
	for _, family := range all {
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func (w *world) caughtUp() {
	w.t.Helper()
	_, head, err := w.store.Facts(w.t.Context())
	must(w.t, err)
	must(w.t, w.known.WaitVersion(w.t.Context(), head))
}

// lag makes w see nothing new while do is done.
func (w *world) lag(do func()) {
	w.behind.Lock()
	defer w.behind.Unlock()
	do()
}

// learn applies facts as the worker would.
func (w *world) learn(rows ...tokenstate.Row) {
	w.t.Helper()
	from, err := w.store.Floor(w.t.Context())
	must(w.t, err)
	w.floor++
	_, err = w.store.Apply(w.t.Context(), journal.Batch{From: from, To: journal.Floor{Stream: "T", Seq: w.floor, Digest: "d"}, Facts: tokenstate.FactsOf(rows)})
	must(w.t, err)
	w.caughtUp()
}

// standing is what a look saw of the user u.
func standing(at tokenstate.Millis, change func(*tokenstate.Standing)) tokenstate.Row {
	s := tokenstate.Standing{At: at, Cause: "look"}
	change(&s)
	return tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Authority: tokenstate.Keycloak}, Value: s}
}

// other is a fact that concerns nobody here.
func other(at tokenstate.Millis) tokenstate.Row {
	return tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo", User: "nobody"}, Authority: tokenstate.Keycloak}, Value: tokenstate.Standing{At: at, Cause: "look"}}
}

// eventually asks until it is so, for as long as the slowest machine may take.
func (w *world) eventually(what string, so func() bool) {
	w.t.Helper()
	end := time.After(time.Minute)
	for !so() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-end:
			w.t.Errorf("not so: %s", what)
			return
		}
	}
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// ask sends a request with headers given as name, value, …
func (w *world) ask(method, path string, body any, headers ...string) reply {
	w.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		must(w.t, err)
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, in)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Content-Type" {
			r.Header.Del("Content-Type")
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := reply{status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if strings.HasPrefix(out.raw, "{") {
		must(w.t, json.Unmarshal(rec.Body.Bytes(), &out.body))
	}
	w.asDescribed(method, path, out)
	return out
}

// backend asks with the credential that may do all.
func (w *world) backend(method, path string, body any) reply {
	w.t.Helper()
	return w.ask(method, path, body, "X-Service-API-Key", w.service)
}

func (w *world) mint(name string) string {
	w.t.Helper()
	r := w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": name})
	switch r.status {
	case http.StatusOK:
	case http.StatusAccepted: // on a busy machine it takes longer than a call may wait
		must(w.t, w.known.WaitVersion(w.t.Context(), int64(r.body["version"].(float64))))
	default:
		w.t.Fatalf("mint: %d %s", r.status, r.raw)
	}
	return r.body["key"].(string)
}

func (w *world) me(key string) reply {
	w.t.Helper()
	return w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key)
}

func (r reply) want(tb testing.TB, status int, members ...string) reply {
	tb.Helper()
	if r.status != status {
		tb.Fatalf("got %d %s, want %d", r.status, r.raw, status)
	}
	for i := 0; i+1 < len(members); i += 2 {
		if got, _ := r.body[members[i]].(string); got != members[i+1] {
			tb.Errorf("%s is %q, want %q in %s", members[i], got, members[i+1], r.raw)
		}
	}
	return r
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// fakeIDP answers what a test wants. A token's text is its claims in JSON.
type fakeIDP struct {
	issuer     string
	asks       atomic.Int64 // of any kind
	mu         sync.Mutex
	refreshes  int
	logouts    int
	refresh    func(ctx context.Context, n int) (idp.Grant, error)
	introspect func(c idp.Claims) (idp.Introspection, error)
	exchange   func(access, audience string) (idp.Grant, error)
	look       idp.Look
	away       error
}

// Classify is the real table: it asks nobody.
func (f *fakeIDP) Classify(status int, code, description string) *idp.RefusalError {
	return adapters.Provider{}.Classify(status, code, description)
}

func newFakeIDP() *fakeIDP {
	return &fakeIDP{issuer: "https://id/realms/demo", look: idp.Look{Enabled: true}}
}

func token(c idp.Claims) string {
	if c.Issuer == "" {
		c.Issuer = "https://id/realms/demo"
	}
	raw, _ := json.Marshal(c)
	return string(raw)
}

func offline(session string, iat tokenstate.Seconds) idp.Claims {
	return idp.Claims{User: "u", Session: session, ClientID: "app", IssuedAt: iat, Offline: true}
}

func (*fakeIDP) Parse(raw secret.Text) (c idp.Claims, err error) {
	if json.Unmarshal([]byte(raw.Reveal()), &c) != nil {
		return c, idp.ErrUnreadable
	}
	return c, nil
}

func (f *fakeIDP) Issuer(context.Context) (string, error) {
	f.asks.Add(1)
	return f.issuer, f.away
}

func (f *fakeIDP) Introspect(_ context.Context, raw secret.Text) (idp.Introspection, error) {
	f.asks.Add(1)
	c, _ := f.Parse(raw)
	if f.introspect != nil {
		return f.introspect(c)
	}
	return idp.Introspection{Active: true, Claims: c}, f.away
}

func (f *fakeIDP) Refresh(ctx context.Context, _ secret.Text) (idp.Grant, error) {
	f.asks.Add(1)
	f.mu.Lock()
	f.refreshes++
	n := f.refreshes
	f.mu.Unlock()
	if f.refresh != nil {
		return f.refresh(ctx, n)
	}
	return idp.Grant{Access: secret.New("access"), Expires: 5 * time.Minute}, f.away
}

func (f *fakeIDP) Exchange(_ context.Context, access secret.Text, audience string) (idp.Grant, error) {
	f.asks.Add(1)
	return f.exchange(access.Reveal(), audience)
}

func (f *fakeIDP) Logout(context.Context, secret.Text) (bool, error) {
	f.asks.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logouts++
	return false, f.away
}

func (f *fakeIDP) LookUser(context.Context, string) (idp.Look, error) {
	f.asks.Add(1)
	return f.look, f.away
}

func (f *fakeIDP) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refreshes
}

var errAway = errors.New("keycloak is away")
