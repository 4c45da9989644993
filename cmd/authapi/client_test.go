package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/openhands/openhandstest"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// service is a Go service that uses the public client, on the real handlers.
type service struct {
	*world
	api   *client.Client
	url   string
	calls *atomic.Int64
	down  *atomic.Bool
	made  sync.Map // method and path of each call, without the query
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{world: newWorld(t), calls: &atomic.Int64{}, down: &atomic.Bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		s.made.Store(r.Method+" "+r.URL.EscapedPath(), true)
		if s.down.Load() {
			panic(http.ErrAbortHandler)
		}
		s.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	var err error
	s.api, err = client.New(server.URL, client.WithServiceKey(s.service), client.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
	must(t, err)
	return s
}

// Ensure every call of the client is understood by the server, and every refusal by the client.
func TestClientCalls(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	key, err := s.api.Mint(ctx, "u", "o", "automation")
	must(t, err)
	s.caughtUp()
	me, err := s.api.Me(ctx, key)
	must(t, err)
	if me.UserID != "u" || me.OrgID == nil || *me.OrgID != "o" || me.Key.Name != "automation" || me.Token.State != client.Unknown || me.Meta.Version == 0 {
		t.Fatalf("%+v", me)
	}
	stored, err := s.api.StoreToken(ctx, token(offline("s", now())))
	must(t, err)
	tracked, err := s.api.TrackToken(ctx, client.TokenID{UserID: "u", ClientID: "other", SessionID: "s2", IssuedAt: int64(now())})
	must(t, err)
	if stored.Custody != "sealed" || !stored.Verified || tracked.Custody != "tracked" {
		t.Fatalf("%+v %+v", stored, tracked)
	}
	s.caughtUp()
	got, err := s.api.AccessToken(ctx, "u", "app", time.Minute)
	must(t, err)
	if got.AccessToken != "access" || got.Source != "refresh" {
		t.Fatalf("%+v", got)
	}
	s.idp.exchange = func(access, audience string) (idp.Grant, error) {
		return idp.Grant{Access: secret.New(access + " for " + audience), Expires: time.Minute}, nil
	}
	got, err = s.api.AccessTokenFor(ctx, "u", "other")
	must(t, err)
	if got.AccessToken != "access for other" || got.Source != "cache" {
		t.Fatalf("%+v", got)
	}
	said, _, err := s.api.Decide(ctx, client.Question{APIKey: key}, client.Question{UserID: "u", ClientID: "other", SessionID: "s2", IssuedAt: int64(now())}, client.Question{APIKey: "nonsense"})
	must(t, err)
	if !said[0].Active || said[0].Key.Name != "automation" || said[1].State != client.Usable || said[2].Active || said[2].Reason != "unknown" {
		t.Fatalf("%+v", said)
	}
	out, err := s.api.Logout(ctx, token(offline("s", now())), false)
	must(t, err)
	if out.Ended || out.Offline != "kept" {
		t.Fatalf("%+v", out)
	}
	must(t, s.api.DeleteToken(ctx, "u", "s2"))
	order, err := s.api.SetStanding(ctx, "u", client.Standing{Enabled: false, Reason: "test"})
	must(t, err)
	s.caughtUp()
	_, err = s.api.Me(ctx, key)
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || !errors.Is(err, client.ErrUnauthorized) || p.Reason != "user_disabled" || p.Since.IsZero() || p.EventID != order.EventID || p.KeyID != me.Key.ID || p.Temporary() {
		t.Fatalf("%v", err)
	}
	refused, err := s.api.Refusals(ctx, client.RefusalQuestion{KeyID: p.KeyID})
	must(t, err)
	if len(refused) != 1 || refused[0].Reason != "user_disabled" || refused[0].UserID != "u" || refused[0].RequestID == "" || refused[0].At.IsZero() {
		t.Fatalf("%+v", refused)
	}
	_, err = s.api.Mint(ctx, "u", "o", "automation")
	if !errors.Is(err, &client.Problem{Slug: "user-disabled"}) {
		t.Fatalf("%v", err)
	}
	_, err = s.api.SetStanding(ctx, "u", client.Standing{Enabled: true, Reason: "test"})
	must(t, err)
	_, err = s.api.Revoke(ctx, "u", client.Revocation{Keys: true, Tokens: true, Reason: "test"})
	must(t, err)
	s.caughtUp()
	_, err = s.api.AccessToken(ctx, "u", "", 0)
	if p, ok = errors.AsType[*client.Problem](err); !ok || !errors.Is(err, client.ErrTokenRevoked) || p.LoginURL != "https://app.example/login" {
		t.Fatalf("%v", err)
	}
	if err := s.api.RevokeKey(ctx, "u", "o", "nothing", false); !errors.Is(err, &client.Problem{Status: http.StatusNotFound}) {
		t.Fatalf("%v", err)
	}
	s.down.Store(true)
	if _, err = s.api.Me(ctx, key); !errors.Is(err, client.ErrUnavailable) || errors.Is(err, client.ErrUnauthorized) || strings.Contains(err.Error(), key) {
		t.Fatalf("%v", err)
	}
}

// Ensure a token source of a token that authapi keeps never has a dead one refreshed, and says why.
func TestTokenSource(t *testing.T) {
	s := newService(t)
	source := s.api.TokenSource(t.Context(), "u", "app")
	if _, err := source.Token(); !errors.Is(err, client.ErrNoToken) {
		t.Fatalf("%v", err)
	}
	s.put(offline("s", now()))
	s.caughtUp()
	got, err := source.Token()
	must(t, err)
	if got.AccessToken != "access" || got.Type() != "Bearer" || !got.Valid() {
		t.Fatalf("%+v", got)
	}
	before := s.calls.Load()
	_, err = source.Token()
	must(t, err)
	if s.calls.Load() != before {
		t.Error("a fresh access token was not used again")
	}
	s.learn(cut("order-1"))
	before = int64(s.idp.calls())
	_, err = s.api.TokenSource(t.Context(), "u", "app").Token()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || !errors.Is(err, client.ErrTokenRevoked) || p.EventID != "order-1" || p.Reason != "revoked_by_order" || int64(s.idp.calls()) != before {
		t.Fatalf("%v after %d refreshes", err, int64(s.idp.calls())-before)
	}
}

// keycloakStub is a token endpoint that answers what a test wants.
type keycloakStub struct {
	calls  atomic.Int64
	status int
	answer string
	styles []string
}

func (k *keycloakStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.calls.Add(1)
	k.styles = append(k.styles, r.Header.Get("Authorization"))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(k.status)
	_, _ = w.Write([]byte(k.answer))
}

// Ensure a backend that keeps its tokens asks first, refreshes once, reports what came of it, and is
// told why it must not try a dead token; and that a refusal of the client itself closes nothing.
func TestSelfRefresh(t *testing.T) {
	s := newService(t)
	kc := &keycloakStub{status: 200, answer: `{"access_token":"access","token_type":"Bearer","expires_in":300}`}
	server := httptest.NewServer(kc)
	t.Cleanup(server.Close)
	held := openhandstest.JWT("u", "app", "own", int64(now())-5)
	var saved string
	var beside []error
	source := func() oauth2.TokenSource {
		return client.SelfRefresh{
			Client: s.api, OAuth: oauth2.Config{ClientID: "app", ClientSecret: "x", Endpoint: oauth2.Endpoint{TokenURL: server.URL}},
			Load: func(context.Context) (string, error) { return held, nil },
			Save: func(_ context.Context, next string) error { saved = next; held = next; return nil }, Failed: func(err error) { beside = append(beside, err) },
		}.TokenSource(t.Context())
	}
	got, err := source().Token()
	must(t, err)
	s.caughtUp()
	if stored, ok := s.known.Token("demo", "own", "app"); got.AccessToken != "access" || !ok || stored.Custody != "tracked" {
		t.Fatalf("an unknown token is not tracked from now on: %+v", stored)
	}
	next := openhandstest.JWT("u", "app", "own", int64(now()))
	kc.answer = `{"access_token":"access","token_type":"Bearer","expires_in":300,"refresh_token":"` + next + `"}`
	_, err = source().Token()
	must(t, err)
	s.caughtUp()
	if stored, _ := s.known.Token("demo", "own", "app"); saved != next || stored.Token.IssuedAt < now()-3 {
		t.Fatalf("a rotated token is not kept: %+v", stored)
	}

	kc.status, kc.answer = 401, `{"error":"invalid_client","error_description":"canary"}`
	_, err = source().Token()
	if r, ok := errors.AsType[*client.RefreshError](err); !ok || r.Code != "invalid_client" || strings.Contains(err.Error(), "canary") {
		t.Fatalf("%v", err)
	}
	kc.status, kc.answer = 503, `<html>`
	if _, err = source().Token(); !errors.As(err, new(*client.RefreshError)) {
		t.Fatalf("%v", err)
	}
	before := kc.calls.Load()
	kc.status, kc.answer = 400, `{"error":"invalid_grant","error_description":"Offline user session not found"}`
	_, err = source().Token()
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Slug != "offline-token-suspended" || kc.calls.Load() != before+1 {
		t.Fatalf("%v after %d calls", err, kc.calls.Load()-before)
	}
	s.caughtUp()
	_, err = source().Token()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || !errors.Is(err, client.ErrTokenSuspended) || p.Reason != "refused" || p.RetryAt.IsZero() || kc.calls.Load() != before+1 {
		t.Fatalf("%v after %d calls", err, kc.calls.Load()-before)
	}
	s.learn(cut("order-1"))
	if _, err = source().Token(); !errors.Is(err, client.ErrTokenRevoked) || kc.calls.Load() != before+1 {
		t.Fatalf("%v", err)
	}
	if len(beside) != 0 {
		t.Fatalf("%v", beside)
	}
	s.down.Store(true) // in doubt, Keycloak decides
	kc.status, kc.answer = 200, `{"access_token":"access","token_type":"Bearer","expires_in":300}`
	if got, err = source().Token(); err != nil || got.AccessToken != "access" || len(beside) == 0 {
		t.Fatalf("%v, beside %v", err, beside)
	}
	for _, style := range kc.styles {
		if !strings.HasPrefix(style, "Basic ") {
			t.Fatal("the library tried another way to send the secret, which is another refresh")
		}
	}
}

// Ensure the middleware lets valid keys in, caches that for a while and not beyond a change, and maps
// refusals: what is not decided is never a 401.
func TestMiddleware(t *testing.T) {
	s := newService(t)
	key := s.mint("automation")
	var seen *client.Identity
	h := s.api.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, _ = client.IdentityFrom(r.Context()) }))
	get := func(headers ...string) *httptest.ResponseRecorder {
		seen = nil
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	want := func(w *httptest.ResponseRecorder, status int, reason string) {
		t.Helper()
		if w.Code != status || (status == http.StatusOK) != (seen != nil) || reason != "" && !strings.Contains(w.Body.String(), `"reason":"`+reason+`"`) || strings.Contains(w.Body.String(), key) {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body.String(), status, reason)
		}
		if (status == 503) != (w.Header().Get("Retry-After") != "") || (status == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("headers of a %d: %v", status, w.Header())
		}
	}
	for _, headers := range [][]string{{"Authorization", "Bearer " + key}, {"X-Session-API-Key", key}, {"X-Access-Token", key}, {"Authorization", "Bearer " + key, "X-Org-Id", "o"}} {
		want(get(headers...), http.StatusOK, "")
	}
	if seen.UserID != "u" || seen.Key.Kind != "system" {
		t.Fatalf("%+v", seen)
	}
	before := s.calls.Load()
	want(get("Authorization", "Bearer "+key), http.StatusOK, "")
	if s.calls.Load() != before {
		t.Error("a valid key was asked about again")
	}
	want(get("Authorization", "Bearer "+key, "X-Org-Id", "other"), http.StatusForbidden, "wrong_organization")
	for _, headers := range [][]string{
		{},
		{"Authorization", "Basic " + key},
		{"Authorization", "Bearer " + key, "Authorization", "Bearer " + key},
		{"Authorization", "Bearer " + key + "\x7f"},
		{"Authorization", "Bearer nonsense", "X-Session-API-Key", key},
		{"X-Access-Token", strings.Repeat("x", 300)},
	} {
		want(get(headers...), http.StatusUnauthorized, "unknown")
	}
	s.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(v *tokenstate.Standing) { v.Disabled = true }))
	_, _, err := s.api.Decide(t.Context(), client.Question{UserID: "u"}) // any answer tells that there is news
	must(t, err)
	want(get("Authorization", "Bearer "+key), http.StatusUnauthorized, "user_disabled")
	s.down.Store(true)
	want(get("Authorization", "Bearer "+key), http.StatusServiceUnavailable, "undecidable")
}
