package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// queries counts what the database is asked, but for the following of its feed.
type queries struct {
	n, following atomic.Int64
	last         atomic.Value
}

var following = regexp.MustCompile(`^LISTEN `) // it asks in batches, which are none of these

func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if following.MatchString(d.SQL) {
		q.following.Add(1)
	} else {
		q.n.Add(1)
		q.last.Store(d.SQL)
	}
	return ctx
}

func (*queries) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Ensure what memory knows is decided without Postgres and without Keycloak.
func TestNoCallForWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	key := w.mint("live")
	w.mint("revoked")
	dead := offline("d", now())
	dead.User = "v"
	w.put(dead)
	w.access().want(t, http.StatusOK)
	w.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(*tokenstate.Standing) {}), tokenstate.CutoffRow{
		Scope: tokenstate.Scope{Realm: "demo", User: "v"}, Cause: "c",
		Value: tokenstate.Cutoff{Before: now() + 100, At: 1, Tokens: true, Reason: tokenstate.ReasonOrder},
	})
	var asked queries
	config := w.pool.Config()
	config.ConnConfig.Tracer = &asked
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	traced := *w
	traced.pool = pool
	traced.start()
	traced.access() // it has the access token now, as w has
	gateway := traced.envoy()
	w.eventually("it follows, and its questions are counted", func() bool { return asked.following.Load() > 0 })
	loading, calls := asked.n.Load(), w.idp.asks.Load()
	if loading == 0 {
		t.Fatal("nothing is counted")
	}
	for range 200 {
		traced.me(key).want(t, http.StatusOK)
		traced.me("tokst_nonsense").want(t, http.StatusUnauthorized)
		traced.access().want(t, http.StatusOK, "source", "cache")
		traced.backend(http.MethodPost, "/v1/users/v/access-token", map[string]any{}).want(t, http.StatusConflict)
		traced.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u"}, map[string]any{"user_id": "v"}, map[string]any{"api_key": key}}}).want(t, http.StatusOK)
		traced.ask(http.MethodGet, "/v1/authorize", nil, "Authorization", "Bearer "+key).want(t, http.StatusOK)
		traced.introspect("token="+key).want(t, http.StatusOK)
		traced.auth().want(t, http.StatusOK)
		if gateway.check("authorization", "Bearer "+key).GetOkResponse() == nil {
			t.Fatal("Envoy is told that a live key may not pass")
		}
	}
	if n, m := asked.n.Load()-loading, w.idp.asks.Load()-calls; n != 0 || m != 0 {
		t.Fatalf("1,800 decisions about what is known took %d queries and %d questions to Keycloak, the last query %v", n, m, asked.last.Load())
	}
	if n := traced.metric("skipped"); n != 200 {
		t.Fatalf("%v refreshes were skipped", n)
	}
}

// Ensure an access token is given out again for a minute at most while nothing is heard of
// Keycloak, and as long as it is good while Keycloak is heard.
func TestReuseWhileBlind(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	hour := func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{Access: secret.New("a"), Expires: time.Hour}, nil
	}
	w.idp.refresh = hour
	w.access().want(t, http.StatusOK, "source", "refresh")
	w.access().want(t, http.StatusOK, "source", "cache")
	later := time.Now().Add(2 * time.Minute)
	w.server.Gate.Now = func() time.Time { return later }
	w.server.Gate.Clock = w.server.Gate.Now
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.refresh_turn SET had_at = had_at - interval '2 minutes'")
	must(t, err)
	w.access().want(t, http.StatusOK, "source", "refresh")
	still := later
	later = later.Add(2 * time.Minute)
	_, err = w.pool.Exec(t.Context(), "UPDATE tokenstate.refresh_turn SET had_at = had_at - interval '2 minutes'")
	must(t, err)
	w.server.Tokens.BlindReuse = 3 * time.Minute
	w.access().want(t, http.StatusOK, "source", "cache")
	later, w.server.Tokens.BlindReuse = still, 0
	_, err = w.pool.Exec(t.Context(), `INSERT INTO tokenstate.node_heartbeat VALUES ('n', $1, $1, '{}')`, later.UnixMilli())
	must(t, err)
	heard := w.replica()
	heard.server.Gate.Now = func() time.Time { return later.Add(time.Second) }
	heard.server.Gate.Clock = heard.server.Gate.Now
	heard.access().want(t, http.StatusOK, "source", "cache")
	w.learn(tokenstate.DoubtRow{ID: tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: tokenstate.Scope{Realm: "demo", User: "u"}}}, Value: tokenstate.Raised{At: tokenstate.Millis(later.UnixMilli()), Event: "e"}})
	heard.caughtUp()
	heard.access().want(t, http.StatusOK, "source", "refresh") // in doubt, Keycloak decides
}

// Ensure whoever waits is shed when too many do, for Keycloak or for a version, and keys are decided
// all the same.
func TestOverload(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	key := w.mint("live")
	w.maxRequests = 4 // three may wait
	w = w.replica()
	gate, there := make(chan struct{}), make(chan struct{}, 1)
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		there <- struct{}{}
		<-gate
		return idp.Grant{Access: secret.New("a"), Expires: time.Hour}, nil
	}
	var wg sync.WaitGroup
	answers := make(chan reply, 4)
	for range 4 {
		wg.Go(func() { answers <- w.access() })
	}
	<-there
	shed := func(what string, r reply) {
		t.Helper()
		if r.status != http.StatusServiceUnavailable || r.text("reason") != "overloaded" || r.header.Get("Retry-After") != "1" {
			t.Errorf("%s is not shed: %d %s", what, r.status, r.raw)
		}
	}
	shed("the fourth who waits", <-answers) // the other three are there until the gate opens, and so one place is free
	e := w.envoy()
	for range 10 {
		w.me(key).want(t, http.StatusOK)
		if r := e.check("Authorization", "Bearer "+key); r.GetOkResponse() == nil {
			t.Errorf("Envoy: %v", r)
		}
	}
	online := offline("s", now())
	online.Offline = false
	shed("a look before a mint", w.backend(http.MethodPost, "/api/service/users/new/orgs/o/api-keys", map[string]any{"name": "a"}))
	shed("a look for an integration", w.backend(http.MethodGet, "/v1/users/new/auth", nil))
	shed("the search for a linked user", w.backend(http.MethodGet, "/v1/users?idp=a&idp_user_id=b", nil))
	shed("the check of a token", w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"refresh_token": token(offline("t", now()))}))
	shed("a logout", w.backend(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": token(online)}))
	shed("a wait for a version", w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key, "Tokenstate-Min-Version", "999999999"))
	w.lag(func() { // what is written is written, and nobody waits
		r := w.backend(http.MethodPut, "/v1/orgs/o/members/u?wait_ms=5000", nil).want(t, http.StatusAccepted)
		if r.body["applied"] != false {
			t.Errorf("%s", r.raw)
		}
	})
	if n := w.idp.logouts; n != 0 {
		t.Errorf("Keycloak was told %d times", n)
	}
	close(gate)
	wg.Wait()
	for range 3 {
		(<-answers).want(t, http.StatusOK)
	}
	w.access().want(t, http.StatusOK)
}

// Ensure beyond all bounds everybody is told to come back, whichever door they came by.
func TestOverload_Everybody(t *testing.T) {
	w := newWorld(t)
	key := w.mint("live")
	w.maxRequests = 4
	w = w.replica()
	e := w.envoy()
	var wg sync.WaitGroup
	var slow []*io.PipeWriter
	for range 4 { // whose body does not come
		body, send := io.Pipe()
		slow = append(slow, send)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/decide", body)
		r.Header.Set("X-Service-API-Key", w.service)
		wg.Go(func() { w.handler.ServeHTTP(httptest.NewRecorder(), r) })
		_, err := send.Write([]byte("{")) // it is being read
		must(t, err)
	}
	w.me(key).want(t, http.StatusServiceUnavailable, "reason", "overloaded")
	if d := e.check("Authorization", "Bearer "+key).GetDeniedResponse(); d.GetStatus().GetCode() != http.StatusServiceUnavailable {
		t.Errorf("Envoy: %v", d)
	}
	for _, send := range slow {
		must(t, send.Close())
	}
	wg.Wait()
	w.me(key).want(t, http.StatusOK)
	if r := e.check("Authorization", "Bearer "+key); r.GetOkResponse() == nil {
		t.Errorf("Envoy: %v", r)
	}
}
