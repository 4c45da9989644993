//go:build edge

package edge

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// front is a gateway that runs, and the keys of one who comes through it.
type front struct {
	gateway

	url, user, key, revoked string
}

// gateways holds each to the same expectations: first one by one, then all while authapi hangs, and while it is away.
func (s *system) gateways(t *testing.T) {
	app := application(t)
	var all []front
	for _, g := range gateways {
		asked := strings.TrimPrefix(s.stack.Env.AuthapiURL, "http://")
		if g.grpc {
			asked = s.stack.Env.AuthapiExtauthzAddr
		}
		all = append(all, front{g, g.start(t, asked, app), s.user, s.key, s.revokedKey(t, g.name)})
	}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Run("whose key it is", f.tellsWho)
			t.Run("which credential goes on", f.takesOutTheKey)
			t.Run("refusals", f.refuses)
			t.Run("methods and bodies", f.handsOnAll)
			t.Run("preflights", f.letsPreflightsPass)
		})
	}
	must(t, s.stack.Signal("authapi", syscall.SIGSTOP))
	eachOf(t, "authapi hangs", all, front.isClosed)
	must(t, s.stack.Signal("authapi", syscall.SIGCONT))
	eachOf(t, "authapi goes on", all, front.opens)
	must(t, s.stack.Kill("authapi", syscall.SIGKILL))
	eachOf(t, "authapi is away", all, front.isClosed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, s.stack.Restart(ctx, "authapi"))
	eachOf(t, "authapi is back", all, front.opens)
}

// revokedKey is one that its owner made and ended.
func (s *system) revokedKey(t *testing.T, name string) string {
	t.Helper()
	path := "/v1/users/" + url.PathEscape(s.user) + "/api-keys"
	made, err := s.backend.Call(t.Context(), http.MethodPost, path, "", map[string]any{"name": name})
	must(t, err)
	ended, err := s.backend.Call(t.Context(), http.MethodDelete, path+"/"+made.Text("id")+"?wait_ms=5000", "", nil)
	must(t, err)
	if made.Text("key") == "" || ended.Status/100 != 2 {
		t.Fatalf("made %d %v, ended %d %v", made.Status, made.Body, ended.Status, ended.Body)
	}
	return made.Text("key")
}

// eachOf has all gateways tried at the same time: most of them wait.
func eachOf(t *testing.T, name string, all []front, try func(front, *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		for _, f := range all {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				try(f, t)
			})
		}
	})
}

func (f front) bearer(more ...string) []string {
	return append([]string{"Authorization", "Bearer " + f.key}, more...)
}

// forged is what a caller from outside says of themselves, as an application and authapi themselves would hear it.
func forged() []string {
	var all []string
	for _, name := range slices.Concat(identity, internal) {
		all = append(all, name, "1", name, "2")
	}
	return all
}

func (f front) want() map[string]string {
	return map[string]string{
		"X-Auth-Realm": "demo", "X-Auth-User-Id": f.user, "X-Auth-Org-Id": "o", "X-Auth-Key-Id": f.key[6:16], "X-Auth-Key-Kind": "system",
		"X-Offline-Token-State": "unknown",
	}
}

func (f front) tellsWho(t *testing.T) {
	for name, headers := range map[string][]string{
		"a key alone": f.bearer(), "a forged identity": f.bearer(forged()...),
		"a version that makes one wait": f.bearer("Tokenstate-Min-Version", "999999999"),
	} {
		got := call(t, http.MethodGet, f.url+"/", nil, headers...)
		if got.status != http.StatusOK || got.seen == nil || !maps.Equal(got.seen.says(), f.want()) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range identity {
		for _, spelling := range spellings(name) { // refused as a whole, or taken out
			got := call(t, http.MethodGet, f.url+"/", nil, f.bearer(spelling, "root")...)
			if got.status != http.StatusBadRequest && (got.seen == nil || !maps.Equal(got.seen.says(), f.want())) {
				t.Errorf("%s: %v", spelling, got)
			}
		}
	}
}

// takesOutTheKey: the credential that was used stays at the gateway, the others are the application's own.
func (f front) takesOutTheKey(t *testing.T) {
	for name, c := range map[string]struct{ sent, goesOn map[string]string }{
		"Bearer":         {map[string]string{"Authorization": "bearer  " + f.key, "X-Session-Api-Key": "s", "X-Access-Token": "a"}, map[string]string{"X-Session-Api-Key": "s", "X-Access-Token": "a"}},
		"session key":    {map[string]string{"X-Session-Api-Key": f.key, "X-Access-Token": "a"}, map[string]string{"X-Access-Token": "a"}},
		"access token":   {map[string]string{"X-Access-Token": f.key}, map[string]string{}},
		"Basic and key":  {map[string]string{"Authorization": "Basic dTpw", "X-Session-Api-Key": f.key}, map[string]string{"Authorization": "Basic dTpw"}},
		"Basic and last": {map[string]string{"Authorization": "Basic dTpw", "X-Access-Token": f.key}, map[string]string{"Authorization": "Basic dTpw"}},
	} {
		var headers []string
		for header, value := range c.sent {
			headers = append(headers, header, value)
		}
		got := call(t, http.MethodGet, f.url+"/", nil, headers...)
		if got.seen == nil {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for _, header := range []string{"Authorization", "X-Session-Api-Key", "X-Access-Token"} {
			if got.seen.Header.Get(header) != c.goesOn[header] {
				t.Errorf("%s: the application sees %s %q", name, header, got.seen.Header.Get(header))
			}
		}
	}
}

func (f front) refuses(t *testing.T) {
	call(t, http.MethodGet, f.url+"/", nil).refused(t, http.StatusUnauthorized, "unknown")
	bad := call(t, http.MethodGet, f.url+"/", nil, "Authorization", "Bearer "+f.key[:len(f.key)-1])
	bad.refused(t, http.StatusUnauthorized, "unknown")
	if !strings.Contains(bad.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("a bad key: %v", bad)
	}
	call(t, http.MethodGet, f.url+"/", nil, "X-Access-Token", f.revoked).refused(t, http.StatusUnauthorized, "revoked")
	call(t, http.MethodPost, f.url+"/", strings.NewReader("{}"), "X-Access-Token", f.revoked).refused(t, http.StatusUnauthorized, "revoked")
	call(t, http.MethodGet, f.url+"/", nil, f.bearer("X-Org-Id", "another")...).refused(t, http.StatusForbidden, "wrong_organization")
	if two := call(t, http.MethodGet, f.url+"/", nil, f.bearer(f.bearer()...)...); two.seen != nil || two.status/100 != 4 {
		t.Errorf("two keys at once: %v", two)
	}
	for _, path := range []string{"/v1/authorize", "/_authorize"} { // the check itself is nobody's business
		if got := call(t, http.MethodGet, f.url+path, nil); got.seen != nil || got.status/100 != 4 {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func (f front) handsOnAll(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		got := call(t, method, f.url+"/", nil, f.bearer()...)
		if got.seen == nil || got.seen.Method != method || got.seen.says()["X-Auth-User-Id"] != f.user {
			t.Errorf("%s: %v", method, got)
		}
		call(t, method, f.url+"/", nil).refused(t, http.StatusUnauthorized, "unknown")
	}
	const size = 3 << 20
	for name, body := range map[string]io.Reader{
		"of a known length": strings.NewReader(strings.Repeat("x", size)), "in chunks": io.LimitReader(endless{}, size),
	} {
		if got := call(t, http.MethodPost, f.url+"/", body, f.bearer()...); got.seen == nil || got.seen.Body != size {
			t.Errorf("an upload %s: %v", name, got)
		}
	}
	if got := call(t, http.MethodGet, f.url+"/broken", nil, f.bearer()...); got.status != http.StatusInternalServerError {
		t.Errorf("the application's own 500 became %v", got)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// letsPreflightsPass: a browser asks without a key whether it may send one. Nothing else passes so.
func (f front) letsPreflightsPass(t *testing.T) {
	preflight := []string{"Origin", "https://app.example.com:8443", "Access-Control-Request-Method", "PUT"}
	got := call(t, http.MethodOptions, f.url+"/", nil, append(forged(), preflight...)...)
	if got.seen == nil || got.seen.Method != http.MethodOptions || len(got.seen.says()) > 0 {
		t.Errorf("a preflight: %v", got)
	}
	call(t, http.MethodGet, f.url+"/", nil, preflight...).refused(t, http.StatusUnauthorized, "unknown")
	call(t, http.MethodOptions, f.url+"/", nil, preflight[:2]...).refused(t, http.StatusUnauthorized, "unknown")
	call(t, http.MethodOptions, f.url+"/", nil, preflight[2:]...).refused(t, http.StatusUnauthorized, "unknown")
}

// isClosed: nobody passes while nothing can be decided, and callers hear that they should come back. call does not wait
// for longer than its patience.
func (f front) isClosed(t *testing.T) {
	t.Helper()
	call(t, http.MethodGet, f.url+"/", nil, f.bearer()...).refused(t, http.StatusServiceUnavailable, "undecidable")
}

func (f front) opens(t *testing.T) {
	t.Helper()
	waitFor(t, f.name+" lets a good key pass again", func() bool {
		got := call(t, http.MethodGet, f.url+"/", nil, f.bearer()...)
		return got.seen != nil && maps.Equal(got.seen.says(), f.want())
	})
}

// Ensure authapi hears the caller's address, and nothing that the caller says of it; and that an identity which the
// caller sent does not reach the application where authapi clears it. (By gRPC authapi reads Envoy's own.)
func TestGatewaysTellTheCallersAddress(t *testing.T) {
	for _, g := range gateways {
		if g.grpc {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			var mu sync.Mutex
			asked := map[string][]string{}
			authapi := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				for _, name := range identity {
					w.Header()[name] = []string{""}
				}
				asked[r.Header.Get("X-Request-Id")] = r.Header["X-Forwarded-For"]
			}))
			t.Cleanup(authapi.Close)
			at := g.start(t, strings.TrimPrefix(authapi.URL, "http://"), application(t))
			got := call(t, http.MethodGet, at+"/", nil, append(forged(), "X-Request-Id", "7", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "7.7.7.7")...)
			mu.Lock()
			defer mu.Unlock()
			if heard := fmt.Sprint(asked["7"]); got.status != http.StatusOK || heard != "[127.0.0.1]" {
				t.Errorf("%v, and authapi hears %s", got, heard)
			}
			if got.seen != nil && len(got.seen.says()) > 0 {
				t.Errorf("the application sees %v", got.seen)
			}
		})
	}
}
