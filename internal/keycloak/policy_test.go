package keycloak_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure what only reads is tried twice, and a refresh or logout never.
func TestRetry_ReadsOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var n atomic.Int64
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 1 {
			w.WriteHeader(502)
			return
		}
		healthy(w, r)
	})
	if l, err := f.admin(t).LookRealm(ctx, "r"); err != nil || !l.Enabled || n.Load() != 2 {
		t.Fatalf("%+v, %v after %d calls", l, err, n.Load())
	}
	n.Store(0)
	app := f.app(t)
	if _, err := app.Refresh(ctx, secret.New("x")); err == nil || n.Load() != 1 {
		t.Fatalf("a refresh: %v after %d calls", err, n.Load())
	}
	n.Store(0)
	if _, err := app.Logout(ctx, secret.New("x")); err == nil || n.Load() != 1 {
		t.Fatalf("a logout: %v after %d calls", err, n.Load())
	}
}

// Ensure Sent tells a refresh that may have happened from one that cannot have.
func TestRefresh_Sent(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := f.app(t).Refresh(context.Background(), secret.New("x"))
	var u *keycloak.UnavailableError
	if !errors.As(err, &u) || !u.Sent || f.calls.Load() != 1 {
		t.Fatalf("hung up: %+v after %d calls", u, f.calls.Load())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.config()
	cfg.BaseURL = "http://" + l.Addr().String()
	_ = l.Close()
	app, err := keycloak.NewApp(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Refresh(context.Background(), secret.New("x")); !errors.As(err, &u) || u.Sent {
		t.Fatalf("nobody listens: %+v", u)
	}
}

// Ensure the breaker opens after failures in a row, asks nothing while open,
// and closes again when Keycloak is back.
func TestBreaker(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var down atomic.Bool
	down.Store(true)
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		answer(w, 200, `{"access_token":"a","refresh_token":"b","expires_in":60}`)
	})
	cfg := f.config()
	cfg.BreakerDelay = 300 * time.Millisecond
	app, err := keycloak.NewApp(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, err = app.Refresh(ctx, secret.New("x"))
	}
	var u *keycloak.UnavailableError
	if !errors.As(err, &u) || u.RetryAfter <= 0 || u.RetryAfter > cfg.BreakerDelay || u.Sent || f.calls.Load() != 5 {
		t.Fatalf("open: %+v after %d calls", u, f.calls.Load())
	}
	down.Store(false)
	deadline := time.Now().Add(5 * time.Second)
	for err != nil && time.Now().Before(deadline) {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
		_, err = app.Refresh(ctx, secret.New("x"))
	}
	if err != nil {
		t.Fatalf("still open: %v", err)
	}
}

// Ensure Keycloak's refusals and callers who give up do not open the breaker.
func TestBreaker_CountsTroubleOnly(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 400, `{"error":"invalid_grant","error_description":"Offline user session not found"}`)
	})
	app := f.app(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 12 {
		_, _ = app.Refresh(gone, secret.New("x"))
		if _, err := app.Refresh(context.Background(), secret.New("x")); !isRefused(err) {
			t.Fatal(err)
		}
	}
}

// Ensure a token that ends in the middle of a look is renewed once, and that
// rights which never come do not make a loop.
func TestToken_RenewedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var n atomic.Int64
	var dead atomic.Value // the header that is not accepted any more
	f := newFake(t, nil)
	f.handle = func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Get("Authorization")
		if n.Add(1) == 2 {
			dead.Store(h)
		}
		if dead.Load() == h {
			answer(w, 401, `{"error":"HTTP 401 Unauthorized"}`)
			return
		}
		healthy(w, r)
	}
	l, err := f.admin(t).LookUser(ctx, "r", "u", []string{"c"})
	if err != nil || !l.OfflineAccess || len(l.Clients) != 1 || f.logins.Load() != 2 || f.calls.Load() != 7 {
		t.Fatalf("%+v, %v, %d logins, %d calls", l, err, f.logins.Load(), f.calls.Load())
	}
	g := newFake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	_, err = g.admin(t).LookRealm(ctx, "r")
	var u *keycloak.UnavailableError
	if !errors.As(err, &u) || g.logins.Load() != 2 || g.calls.Load() != 2 {
		t.Fatalf("%v, %d logins, %d calls", err, g.logins.Load(), g.calls.Load())
	}
}

// Ensure a look is never dated later than Keycloak read its data, by Keycloak's
// own clock, which here is hours from ours; and not much earlier either.
func TestAt_NeverLater(t *testing.T) {
	t.Parallel()
	for range 30 {
		off := time.Duration(rand.Int64N(int64(7 * time.Hour)))
		clock := func() time.Time { return time.Now().Add(-off) }
		pause := func() { <-time.After(time.Duration(rand.Int64N(int64(20 * time.Millisecond)))) }
		var first atomic.Pointer[time.Time]
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			read := clock() // Keycloak reads at once and answers later
			first.CompareAndSwap(nil, &read)
			pause()
			healthy(w, r)
		})
		f.clock = func() time.Time { defer pause(); return clock() }
		admin := f.admin(t)
		var login time.Duration // at most so long did it take
		for i := range 3 {      // the second and third look use the token of the first
			first.Store(nil)
			began := time.Now()
			l, err := admin.LookUser(context.Background(), "r", "u", []string{"c"})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				login = time.Since(began)
			}
			if d := first.Load().Sub(l.At); d < 0 || d > time.Second+login+time.Millisecond {
				t.Fatalf("dated %v before the reading", d)
			}
		}
	}
}

// Ensure a configuration's faults come all at once and repeat no value.
func TestConfig_Faults(t *testing.T) {
	t.Parallel()
	_, err := keycloak.NewApp(keycloak.Config{BaseURL: "https://user:canary@host", Realm: "..", Timeout: -1})
	if err == nil || strings.Count(err.Error(), "\n") != 4 || strings.Contains(err.Error(), "canary") {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "host:8080", "ftp://h", "http://", "http://h?x=y", "http://h#f", "http://h:\x7f"} {
		if _, err := keycloak.NewApp(keycloak.Config{BaseURL: bad, Realm: "r", ClientID: "c", ClientSecret: secret.New("s")}); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}
