package keycloak_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

const (
	canarySecret = "canary-client-secret"
	canaryToken  = "canary-refresh-token"
)

// fake stands for Keycloak where the real one cannot be made to misbehave. It
// answers logins by itself; everything else is the handler's.
type fake struct {
	*httptest.Server
	logins, calls atomic.Int64
	clock         func() time.Time // the server's clock, for iat
	handle        http.HandlerFunc
}

func newFake(t *testing.T, handle http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{clock: time.Now, handle: handle}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") && r.FormValue("grant_type") == "client_credentials" {
		n := f.logins.Add(1)
		part := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d,"n":%d}`, f.clock().Unix(), n))
		answer(w, 200, fmt.Sprintf(`{"access_token":"canary.%s.x","expires_in":60}`, part))
		return
	}
	f.calls.Add(1)
	f.handle(w, r)
}

func (f *fake) config() keycloak.Config {
	return keycloak.Config{
		BaseURL: f.URL, Realm: "master", ClientID: "c", ClientSecret: secret.New(canarySecret),
		Timeout: time.Minute, BreakerDelay: 50 * time.Millisecond,
	}
}

func (f *fake) admin(t *testing.T) *keycloak.Admin {
	t.Helper()
	a, err := keycloak.NewAdmin(f.config())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f *fake) app(t *testing.T) *keycloak.App {
	t.Helper()
	a, err := keycloak.NewApp(f.config())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func html(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html>maintenance</html>"))
}

// healthy answers as Keycloak does for a user without sessions.
func healthy(w http.ResponseWriter, r *http.Request) {
	switch p := r.URL.Path; {
	case strings.Contains(p, "/offline-sessions"), strings.HasSuffix(p, "/users"):
		answer(w, 200, `[]`)
	case strings.HasSuffix(p, "/client-scopes"):
		answer(w, 200, `[{"id":"s","name":"offline_access"}]`)
	case strings.HasSuffix(p, "/scope-mappings"):
		answer(w, 200, `{"realmMappings":[{"name":"offline_access"}]}`)
	case strings.HasSuffix(p, "/composite"):
		answer(w, 200, `[{"name":"offline_access"}]`)
	case strings.Contains(p, "/users/"):
		answer(w, 200, `{"id":"u","enabled":true,"notBefore":7}`)
	case strings.Contains(p, "/clients/"):
		answer(w, 200, `{"id":"c","clientId":"app","enabled":true}`)
	case strings.HasSuffix(p, "/clients"):
		answer(w, 200, `[{"id":"c","clientId":"app","enabled":true}]`)
	default:
		answer(w, 200, `{"realm":"r","enabled":true,"issuer":"i","token_endpoint":"t"}`)
	}
}
