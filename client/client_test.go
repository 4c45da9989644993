package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func serving(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := New(server.URL+"/", WithServiceKey("canary"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Ensure what stands between may answer what it likes: it is a typed error, it is never taken for a
// decision, and its text is not repeated.
func TestForeignAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		header, raw string
		want        error
	}{
		"a proxy's 502":      {502, "", "<html>canary", &Problem{Status: 502, Slug: "unexpected-answer"}},
		"a proxy's 503":      {503, "7", "canary", ErrUnavailable},
		"a login page":       {200, "", "<html>canary", nil},
		"a redirect":         {302, "", "canary", &Problem{Status: 302}},
		"another's problem":  {404, "", `{"type":"https://example.org/canary","reason":"canary"}`, &Problem{Slug: "unexpected-answer"}},
		"a member of a type": {401, "", `{"type":7}`, ErrUnauthorized},
	} {
		api := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.raw))
		})
		_, err := api.Me(context.Background(), "canary")
		if err == nil || c.want != nil && !errors.Is(err, c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		var p *Problem
		if errors.As(err, &p) && c.header != "" && time.Until(p.RetryAt) < 5*time.Second {
			t.Errorf("%s: retry at %s", name, p.RetryAt)
		}
	}
}

// Ensure each error says what happened and what to do, once, and shows neither key nor path.
func TestErrorsRead(t *testing.T) {
	away, err := New("http://127.0.0.1:1", WithServiceKey("canary"))
	if err != nil {
		t.Fatal(err)
	}
	keyless, _ := New("http://127.0.0.1:1")
	_, unreachable := away.AccessToken(t.Context(), "ann", "", 0)
	_, unmade := keyless.Mint(t.Context(), "ann", "o", "n")
	for want, err := range map[string]error{
		"tokenstate: authapi does not answer: dial tcp 127.0.0.1:1: connect: connection refused":                unreachable,
		"tokenstate: this call needs a service credential: make the Client with WithServiceKey":                 unmade,
		"tokenstate: no-offline-token (404): store one":                                                         &Problem{Status: 404, Slug: "no-offline-token", Reason: "no_offline_token", Detail: "store one"},
		"tokenstate: unauthorized (401): user_disabled since 2026-11-25T10:00:00Z: the key's owner is disabled": &Problem{Status: 401, Slug: "unauthorized", Reason: "user_disabled", Since: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC), Detail: "the key's owner is disabled"},
		"tokenstate: service unavailable (503)":                                                                 ErrUnavailable,
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if errors.Is(unmade, ErrUnavailable) || errors.Is(unmade, ErrUnauthorized) {
		t.Error("a call that was never made is taken for an answer")
	}
}

// Ensure an id can be anything and never leads to another call.
func TestPaths(t *testing.T) {
	var seen string
	api := serving(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.URL.EscapedPath()
		_, _ = w.Write([]byte("{}"))
	})
	if _, err := api.AccessToken(t.Context(), "a/b?c#d é", "", 0); err != nil || seen != "/v1/users/a%2Fb%3Fc%23d%20%C3%A9/access-token" {
		t.Errorf("%v %s", err, seen)
	}
	seen = ""
	for _, id := range []string{"", ".", ".."} {
		if _, err := api.AccessToken(t.Context(), id, "", 0); !errors.Is(err, errPath) || seen != "" {
			t.Errorf("%q: %v %s", id, err, seen)
		}
	}
	for _, address := range []string{"", "authapi", "ftp://x", "https://", "http://%zz"} {
		if _, err := New(address); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

// Ensure the cache ends with time, with news, and does not grow.
func TestCache(t *testing.T) {
	c, now := newCache(), time.Now()
	id := &Identity{Meta: Meta{Version: 5}}
	c.put(seatOf("k", ""), id, now)
	for name, got := range map[string]bool{
		"at once":        has(c, seatOf("k", ""), 5, now),
		"another org":    !has(c, seatOf("k", "o"), 5, now),
		"another key":    !has(c, seatOf("k2", ""), 5, now),
		"nearly 20 s on": has(c, seatOf("k", ""), 5, now.Add(19*time.Second)),
	} {
		if !got {
			t.Error(name)
		}
	}
	if has(c, seatOf("k", ""), 6, now) {
		t.Error("it outlives a newer version")
	}
	c.put(seatOf("k", ""), id, now)
	if has(c, seatOf("k", ""), 5, now.Add(20*time.Second)) {
		t.Error("it outlives its time")
	}
	for i := range 2*cacheSize + 1 {
		c.put(seatOf(strconv.Itoa(i), ""), id, now)
	}
	if len(c.at) > cacheSize {
		t.Errorf("%d entries", len(c.at))
	}
}

func has(c *cache, s seat, newest int64, now time.Time) bool {
	_, ok := c.get(s, newest, now)
	return ok
}

// Ensure only what authapi has decided is told as a decision.
func TestMiddlewareMaps(t *testing.T) {
	for status, want := range map[int]int{401: 401, 403: 403, 429: 429, 503: 503, 500: 503, 502: 503, 404: 503, 302: 503, 409: 503} {
		api := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"type":"urn:tokenstate:problem:canary","reason":"canary"}`))
		})
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Access-Token", "key")
		api.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
		if w.Code != want || (want >= 429) != (w.Header().Get("Retry-After") != "") || want == 503 && strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%d becomes %d %s", status, w.Code, w.Body.String())
		}
	}
}
