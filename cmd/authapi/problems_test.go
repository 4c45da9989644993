package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure whatever goes wrong before or beside a call's own work is answered in RFC 9457's form.
func TestProblemsOfEveryKind(t *testing.T) {
	w := newWorld(t)
	big := `{"name":"` + strings.Repeat("x", 5<<10) + `"}`
	const mint = "/api/service/users/u/orgs/o/api-keys"
	for name, c := range map[string]struct {
		method, path, kind, body, reason string
		status                           int
	}{
		"no path":                {http.MethodGet, "/nowhere", "", "", "not_found", http.StatusNotFound},
		"a path to clean":        {http.MethodGet, "/v1//decide", "", "", "not_found", http.StatusNotFound},
		"no method":              {http.MethodDelete, "/v1/decide", "", "", "method_not_allowed", http.StatusMethodNotAllowed},
		"too large":              {http.MethodPost, mint, "application/json", big, "body_too_large", http.StatusRequestEntityTooLarge},
		"too large a form":       {http.MethodPost, "/oauth2/introspect", form, "token=" + big, "body_too_large", http.StatusRequestEntityTooLarge},
		"no form":                {http.MethodPost, "/oauth2/introspect", "application/json", "{}", "unsupported_media_type", http.StatusUnsupportedMediaType},
		"XML for JSON":           {http.MethodPost, mint, "application/xml", "<name>a</name>", "unsupported_media_type", http.StatusUnsupportedMediaType},
		"a form for JSON":        {http.MethodPost, "/v1/decide", form, "items=1", "unsupported_media_type", http.StatusUnsupportedMediaType},
		"text for JSON":          {http.MethodPut, "/v1/offline-tokens", "text/plain", `{"refresh_token":"x"}`, "unsupported_media_type", http.StatusUnsupportedMediaType},
		"no JSON":                {http.MethodPost, mint, "application/json", "{", "invalid_request", http.StatusBadRequest},
		"no body":                {http.MethodPost, mint, "application/json", "", "invalid_request", http.StatusBadRequest},
		"a control character":    {http.MethodGet, "/v1/explain?user_id=a%00", "", "", "invalid_request", http.StatusBadRequest},
		"a parameter twice":      {http.MethodGet, "/v1/explain?user_id=a&user_id=b", "", "", "invalid_request", http.StatusBadRequest},
		"a member twice":         {http.MethodPost, mint, "application/json", `{"name":"a","name":"b"}`, "invalid_request", http.StatusBadRequest},
		"a member twice, deep":   {http.MethodPost, "/v1/decide", "application/json", `{"items":[{"user_id":"a","user_id":"b"}]}`, "invalid_request", http.StatusBadRequest},
		"a look-alike name":      {http.MethodPost, mint, "application/json", `{"name":"аutomation"}`, "invalid_request", http.StatusUnprocessableEntity},
		"a logout token of none": {http.MethodPost, "/v1/backchannel-logout", "application/json", "{}", "invalid_logout_token", http.StatusBadRequest},
	} {
		r := w.ask(c.method, c.path, c.body, "Content-Type", c.kind, "X-Service-API-Key", w.service)
		wantProblem(t, name, r, c.status, c.reason)
		if strings.Contains(r.raw, "xxx") || strings.Contains(r.raw, "<name>") {
			t.Errorf("%s: the answer repeats what was sent", name)
		}
	}
	for _, name := range []string{"Idempotency-Key", "Tokenstate-Min-Version"} {
		req := httptest.NewRequest(http.MethodGet, "/api/service/health", nil)
		req.Header[name] = []string{"1", "2"}
		said := httptest.NewRecorder()
		w.handler.ServeHTTP(said, req)
		if said.Code != http.StatusBadRequest || !strings.Contains(said.Body.String(), "stands twice") {
			t.Errorf("%s twice: %d %s", name, said.Code, said.Body)
		}
	}
	known := w.server.Gate.Known
	w.server.Gate.Known = nil // whatever touches it panics
	wantProblem(t, "a panic", w.backend(http.MethodGet, "/v1/users/u/auth", nil), http.StatusServiceUnavailable, "internal")
	wantProblem(t, "a panic for a key", w.me("tokst_nonsense"), http.StatusServiceUnavailable, "internal")
	w.server.Gate.Known = known
}

func wantProblem(t *testing.T, name string, r reply, status int, reason string) {
	t.Helper()
	if r.status != status || r.text("reason") != reason || r.text("error") == "" || !strings.HasPrefix(r.text("type"), "urn:tokenstate:problem:") ||
		r.body["status"] != float64(status) || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %v %s, want %d %s", name, r.status, r.header, r.raw, status, reason)
	}
}

// Ensure a disabled realm refuses its users' keys, makes none, and opens again.
func TestRealmDisabled(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	realm := func(at tokenstate.Millis, disabled bool) {
		w.learn(tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo"}, Authority: tokenstate.Keycloak},
			Value:   tokenstate.Standing{At: at, Cause: "realm-look", Disabled: disabled},
		})
	}
	at := tokenstate.Millis(time.Now().UnixMilli())
	realm(at, true)
	wantProblem(t, "me", w.me(key), http.StatusUnauthorized, "realm_disabled")
	wantProblem(t, "mint", w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "a"}), http.StatusConflict, "realm_disabled")
	wantProblem(t, "create", w.create(map[string]any{"name": "a"}), http.StatusConflict, "realm_disabled")
	realm(at+20_000, false)
	w.me(key).want(t, http.StatusOK)
}

// Ensure a user has a thousand live keys at most, and another once one has ended; system keys are
// not counted, and a backend's mint is never in the way.
func TestTooManyKeys(t *testing.T) {
	w := newWorld(t)
	_, err := w.pool.Exec(t.Context(), `INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, created_at)
		SELECT 'k' || n, 'demo', 'u', 'n', 'user', sha256(n::text::bytea), 'p', now() FROM generate_series(1, 1000) n`)
	must(t, err)
	wantProblem(t, "create", w.create(map[string]any{"name": "a"}), http.StatusConflict, "too_many_keys")
	w.mint("automation")
	_, err = w.pool.Exec(t.Context(), `UPDATE tokenstate.api_key SET expires_at = now() WHERE id = 'k1'`)
	must(t, err)
	w.create(map[string]any{"name": "a"}).want(t, http.StatusCreated)
}

// Ensure whoever sends a member that a call does not know is told which ones it knows, and not what was sent.
func TestUnknownMembers(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ path, body, want string }{
		"a member of the body": {"/v1/users/u/access-token", `{"canary":1}`, "unexpected property; known here: audience, client_id, min_valid_s"},
		"one of an item":       {"/v1/decide", `{"items":[{"user_id":"u","canary":1}]}`, "unexpected property; known here: api_key, client_id, issued_at, session_id, user_id"},
		"one beside the items": {"/v1/decide", `{"items":[{"user_id":"u"}],"canary":1}`, "unexpected property; known here: items, observe"},
	} {
		r := w.backend(http.MethodPost, c.path, c.body).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
		if got := r.body["errors"].([]any)[0].(map[string]any)["message"]; got != c.want || strings.Contains(r.raw, "canary") {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
}
