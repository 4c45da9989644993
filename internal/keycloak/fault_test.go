package keycloak_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// faults are answers that must teach nothing, whatever was asked.
func faults(t *testing.T) map[string]http.HandlerFunc {
	t.Helper()
	var lured atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { lured.Add(1); healthy(w, r) }))
	t.Cleanup(func() {
		elsewhere.Close()
		if lured.Load() != 0 {
			t.Error("a redirect was followed")
		}
	})
	huge := strings.Repeat(`{"id":"x"},`, (9<<20)/11)
	body := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, text) }
	}
	return map[string]http.HandlerFunc{
		"html 200":         func(w http.ResponseWriter, _ *http.Request) { html(w, 200) },
		"html 404":         func(w http.ResponseWriter, _ *http.Request) { html(w, 404) },
		"html 400":         func(w http.ResponseWriter, _ *http.Request) { html(w, 400) },
		"html 503":         func(w http.ResponseWriter, _ *http.Request) { html(w, 503) },
		"proxy's json 404": body(404, `{"error":"no such route"}`),
		"json error 500":   body(500, `{"error":"invalid_grant","error_description":"User disabled"}`),
		"forbidden":        body(403, `{"error":"HTTP 403 Forbidden"}`),
		"unauthorized":     body(401, `{"error":"HTTP 401 Unauthorized"}`),
		"null":             body(200, `null`),
		"number":           body(200, `5`),
		"empty body":       body(200, ``),
		"empty object":     body(200, `{}`),
		"holes":            body(200, `[null]`),
		"members missing":  body(200, `[{"id":"s"}]`),
		"wrong types":      body(200, `[{"id":5,"userId":[],"clients":"x"}]`),
		"truncated list":   body(200, `[{"id":"s","userId":"u","clients":{}}`),
		"truncated object": body(200, `{"id":"u","enabled":false`),
		"no id":            body(200, `[{"userId":"u","clients":{}}]`),
		"two values":       body(200, `[][]`),
		"huge":             body(200, `[`+huge+`{}]`),
		"empty 204":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"cached": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Age", "30")
			healthy(w, r)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		},
		"redirect, json": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL+r.URL.Path)
			answer(w, http.StatusPermanentRedirect, `{}`)
		},
		"broken off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`[]`))
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
}

// Ensure no fault passes for a fact, in any call, and no error shows a secret.
func TestFaults_TeachNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	token := secret.New(canaryToken)
	for name, handle := range faults(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := map[string]func(*keycloak.Admin, *keycloak.App) error{
				"user": func(a *keycloak.Admin, _ *keycloak.App) error {
					return second(a.LookUser(ctx, "r", "u", []string{"c"}))
				},
				"client":   func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.LookClient(ctx, "r", "c")) },
				"named":    func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.LookClientNamed(ctx, "r", "app")) },
				"clients":  func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.Clients(ctx, "r")) },
				"realm":    func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.LookRealm(ctx, "r")) },
				"sessions": func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.ClientSessions(ctx, "r", "c", 0, 5)) },
				"users":    func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.Users(ctx, "r", 0, 5, false)) },
				"events": func(a *keycloak.Admin, _ *keycloak.App) error {
					return second(a.UserEvents(ctx, "r", keycloak.EventQuery{}))
				},
				"admin events": func(a *keycloak.Admin, _ *keycloak.App) error {
					return second(a.AdminEvents(ctx, "r", keycloak.EventQuery{}))
				},
				"settings": func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.EventSettings(ctx, "r")) },
				"version":  func(a *keycloak.Admin, _ *keycloak.App) error { return second(a.ServerVersion(ctx)) },
				"owner":    func(_ *keycloak.Admin, a *keycloak.App) error { return second(a.LookUser(ctx, "u")) },
				"discover": func(_ *keycloak.Admin, a *keycloak.App) error { return second(a.Discover(ctx)) },
				"refresh":  func(_ *keycloak.Admin, a *keycloak.App) error { return second(a.Refresh(ctx, token)) },
			}
			for call, do := range calls {
				f := newFake(t, handle)
				err := do(f.admin(t), f.app(t))
				if name == "huge" && !errors.Is(err, keycloak.ErrTooLarge) {
					t.Errorf("%s: want ErrTooLarge, got %v", call, err)
				}
				var u *keycloak.UnavailableError
				var r *keycloak.RefusedError
				switch {
				case call == "refresh" && errors.As(err, &r) && !r.Class.Records(): // a 401 or 403 of Keycloak's, unknown: records nothing
				case call == "version" && err == nil && (name == "forbidden" || name == "empty object"): // it is hidden
				case !errors.As(err, &u):
					t.Errorf("%s: want Unavailable, got %v", call, err)
				}
				if err == nil {
					continue
				}
				if s := err.Error(); strings.Contains(s, "canary") || strings.Contains(s, f.URL) || strings.Contains(s, "maintenance") {
					t.Errorf("%s shows too much: %s", call, s)
				}
			}
		})
	}
}

// Ensure each call behind the first of a look is held to the same standard.
func TestFaults_LaterInALook(t *testing.T) {
	t.Parallel()
	for name, fault := range faults(t) {
		for _, where := range []string{"/composite", "/offline-sessions", "/client-scopes", "/scope-mappings"} {
			if where != "/offline-sessions" && (name == "holes" || name == "members missing" || name == "no id") {
				continue // a role without a name is no role
			}
			if where == "/scope-mappings" && name == "empty object" {
				continue // a scope that demands no role
			}
			f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, where) {
					fault(w, r)
					return
				}
				healthy(w, r)
			})
			l, err := f.admin(t).LookUser(context.Background(), "r", "u", []string{"c"})
			var u *keycloak.UnavailableError
			if !errors.As(err, &u) || l.UserID != "" {
				t.Errorf("%s at %s: %+v, %v", name, where, l, err)
			}
		}
	}
}

// Ensure the expiry of admin events, which the second question tells, is never made up; and that a
// realm which is gone when its settings are asked for is not there, and no fault of Keycloak's.
func TestFaults_InEventSettings(t *testing.T) {
	t.Parallel()
	settings := func(w http.ResponseWriter, r *http.Request, second http.HandlerFunc) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/events/config"):
			answer(w, 200, `{"eventsEnabled":true}`)
		case strings.Contains(r.URL.Path, "/admin/"):
			second(w, r)
		default:
			healthy(w, r)
		}
	}
	for name, fault := range faults(t) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) { settings(w, r, fault) })
		e, err := f.admin(t).EventSettings(context.Background(), "r")
		if hidden := name == "forbidden" || name == "empty object"; (err == nil) != hidden || e.AdminExpiry != 0 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/realms/r") {
			answer(w, 404, `{"error":"Realm not found."}`)
			return
		}
		healthy(w, r)
	})
	if e, err := f.admin(t).EventSettings(context.Background(), "r"); !errors.Is(err, keycloak.ErrNotFound) {
		t.Errorf("a realm that is gone: %+v, %v", e, err)
	}
}

// Ensure an admin token that Keycloak refuses in the middle of a listing is renewed, and the page
// read with the new one.
func TestTokenExpiresMidSweep(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	var stale atomic.Value
	stale.Store("none")
	f.handle = func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("Authorization"); token == stale.Load() {
			answer(w, 401, `{"error":"HTTP 401 Unauthorized"}`)
			return
		}
		answer(w, 200, `[{"id":"u","enabled":true,"notBefore":0}]`)
		stale.Store(r.Header.Get("Authorization")) // good for one page
	}
	a := f.admin(t)
	for first := range 4 {
		if p, err := a.Users(context.Background(), "r", first, 1, false); err != nil || len(p.Users) != 1 {
			t.Errorf("page %d: %+v, %v", first, p, err)
		}
	}
	if n := f.logins.Load(); n != 4 {
		t.Errorf("%d tokens were fetched for four pages", n)
	}
}

// Ensure the wait that Keycloak asks for is passed on, in both forms and bounded.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][2]time.Duration{
		"7":        {7 * time.Second, 7 * time.Second},
		"99999999": {time.Hour, time.Hour},
		"-3":       {0, 0},
		"soon":     {0, 0},
		time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat): {27 * time.Second, 30 * time.Second},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(429)
		})
		_, err := f.admin(t).LookRealm(context.Background(), "r")
		var u *keycloak.UnavailableError
		if !errors.As(err, &u) || u.Status != 429 || u.RetryAfter < want[0] || u.RetryAfter > want[1] {
			t.Errorf("Retry-After %q: %+v", header, u)
		}
		if n := f.calls.Load(); n != 1 {
			t.Errorf("429 was tried %d times", n)
		}
	}
}

// Ensure a slow answer ends after the timeout, and a caller who gives up at once.
func TestSlow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := newFake(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	cfg := f.config()
	cfg.Timeout = 50 * time.Millisecond
	app, err := keycloak.NewApp(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.Refresh(context.Background(), secret.New(canaryToken))
	var u *keycloak.UnavailableError
	if !errors.As(err, &u) || !errors.Is(err, context.DeadlineExceeded) || !u.Sent {
		t.Fatalf("slow: %+v", u)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 { // more than the breaker's threshold
		if _, err := app.Refresh(ctx, secret.New(canaryToken)); !errors.Is(err, context.Canceled) {
			t.Fatalf("given up: %v", err)
		}
	}
}
