package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// caller plays the calls of the contract, and knows which ones are left.
type caller struct {
	s    *system
	left map[string]bool // by method and path as /openapi.json has them
}

// everyCall plays each call of the contract once or more on real parts; cmd/authapi has the rest.
func everyCall(s *system, t *testing.T) {
	c := &caller{s, s.servedCalls()}
	user, tokens := s.login()
	s.until(user, "usable")
	c.keys(user)
	c.tokens(user)
	c.loggedOut(user, tokens)
	c.orders()
	if len(c.left) > 0 {
		t.Errorf("not played: %s", strings.Join(slices.Sorted(maps.Keys(c.left)), ", "))
	}
}

func (c *caller) keys(user string) {
	c.service("GET /api/service/health", "", nil, 200, "status ok", "service_auth_configured true")
	minted := c.service("POST /api/service/users/{}/orgs/{}/api-keys", user+" org", map[string]any{"name": "calls"}, 200, "name calls").Text("key")
	c.holder("GET /api/v1/users/me", minted, 200, "user_id "+user, "key.kind system", "token.state usable")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		status, header := c.s.raw(method, "/v1/authorize", "", minted)
		if status != http.StatusOK || header.Get("X-Auth-User-Id") != user || header.Get("X-Offline-Token-State") != "usable" {
			c.s.t.Errorf("%s /v1/authorize: %d %v", method, status, header)
		}
		delete(c.left, method+" /v1/authorize")
	}
	made := c.service("POST /v1/users/{}/api-keys", user, map[string]any{"name": "mine", "org_id": nil}, 201, "name mine")
	old := made.Text("key")
	c.service("GET /v1/users/{}/api-keys", user, nil, 200, "items.0.id "+made.Text("id"), "items.0.active true")
	next := c.service("POST /v1/users/{}/api-keys/{}/rotate", user+" "+made.Text("id"), map[string]any{"overlap_s": 60}, 201)
	c.form("POST /oauth2/introspect", url.Values{"token": {old}}, 200, "active true", "sub "+user)
	c.holder("GET /api/v1/users/me", next.Text("key"), 200, "key.kind user")
	c.service("DELETE /v1/users/{}/api-keys/{}", user+" "+next.Text("id"), nil, 200)
	for _, dead := range []string{old, next.Text("key")} { // revoking the new one ends the old one, too
		c.holder("GET /api/v1/users/me", dead, 401, "reason revoked")
		c.form("POST /oauth2/introspect", url.Values{"token": {dead}}, 200, "active false", "sub ")
	}
	c.service("GET /v1/notices?limit=1", "", nil, 200)
	c.service("GET /v1/refusals?user_id={}", user, nil, 200, "items.0.reason revoked", "items.0.door http", "items.0.user_id "+user)
	c.service("DELETE /api/service/users/{}/orgs/{}/api-keys/{}", user+" org calls", nil, 200)
	c.holder("GET /api/v1/users/me", minted, 401, "reason revoked")
	c.service("PUT /v1/orgs/{}/members/{}", "org "+user, nil, 200, "member true")
	c.service("DELETE /v1/orgs/{}/members/{}", "org "+user, nil, 200, "member false")
	c.service("DELETE /v1/orgs/{}/members/{}", "org "+user, nil, 404, "reason no_such_member")
}

func (c *caller) tokens(user string) {
	other, _ := c.s.login()
	tracked := map[string]any{"user_id": other, "client_id": "app", "session_id": "tracked-" + other, "issued_at": time.Now().Unix()}
	c.service("PUT /v1/offline-tokens", "", tracked, 201, "custody tracked")
	c.service("GET /v1/users/{}/offline-tokens", other, nil, 200)
	tracked["status"], tracked["error"], tracked["error_description"] = 400, "invalid_grant", "Stale token"
	c.service("POST /v1/refresh-outcomes", "", tracked, 202, "recorded true", "state suspended")
	item := map[string]any{"user_id": other, "client_id": "app", "session_id": tracked["session_id"]}
	if a := c.service("POST /v1/decide", "", map[string]any{"items": []any{item}}, 200); a.Text("items.0.state") == "usable" {
		c.s.t.Errorf("a token that was refused: %v", a.Body)
	}
	c.service("DELETE /v1/users/{}/offline-tokens/{}", other+" "+fmt.Sprint(tracked["session_id"]), nil, 200)
	c.service("POST /v1/users/{}/access-token", user, map[string]any{"min_valid_s": 60}, 200, "source refresh")
	c.service("GET /v1/users/{}/auth", user, nil, 200, "can.api_keys true", "can.refresh true", "message ")
	c.service("GET /v1/users?idp={}&idp_user_id={}", "github nobody", nil, 404, "reason no_such_user")
}

// loggedOut by the application's own logout, which waits until it is enforced.
func (c *caller) loggedOut(user string, tokens play.Tokens) {
	kept := c.service("POST /v1/logout", "", map[string]any{"refresh_token": tokens.Refresh}, 200, "ended false", "offline kept")
	ended := c.service("POST /v1/logout", "", map[string]any{"refresh_token": tokens.Refresh, "revoke_offline": true}, 200, "ended true", "offline revoked", "applied true")
	event := ended.Text("event_id")
	if event == "" || kept.Text("event_id") != "" {
		c.s.t.Errorf("the event of the logout: %v", ended.Body)
	}
	c.service("GET /v1/events/{}", event, nil, 200, "applied true")
	c.service("POST /v1/users/{}/access-token", user, map[string]any{}, 409, "reason session_ended", "event_id "+event)
	c.service("GET /v1/explain?user_id={}", user, nil, 200)
	c.service("GET /v1/status", "", nil, 200, "log.worker_active true")
	c.service("POST /v1/users/by-email", "", map[string]any{"email": "nobody@example.org"}, 200)
	c.service("POST /v1/logout", "", map[string]any{"refresh_token": tokens.Refresh, "revoke_offline": true}, 200, "offline revoked", "event_id "+event)
	c.form("POST /v1/backchannel-logout", url.Values{"logout_token": {tokens.Access}}, 400, "error invalid_request")
}

// orders are the backend's own words about a user.
func (c *caller) orders() {
	user, _ := c.s.login()
	key := c.service("POST /api/service/users/{}/orgs/{}/api-keys", user+" org", map[string]any{"name": "orders"}, 200).Text("key")
	c.service("POST /v1/users/{}/standing", user, map[string]any{"enabled": false, "reason": "calls"}, 200, "applied true")
	c.holder("GET /api/v1/users/me", key, 401, "reason user_disabled")
	c.service("POST /v1/users/{}/standing", user, map[string]any{"enabled": true, "reason": "calls"}, 200)
	c.holder("GET /api/v1/users/me", key, 200)
	order := c.service("POST /v1/users/{}/revoke", user, map[string]any{"keys": true, "reason": "calls"}, 200, "applied true").Text("event_id")
	c.holder("GET /api/v1/users/me", key, 401, "reason revoked", "event_id "+order)
}

// service calls as the backend: the path's braces are filled with the words, and the rest of the
// answer's demands are members and their texts.
func (c *caller) service(call, words string, body any, status int, members ...string) play.Answer {
	c.s.t.Helper()
	method, path := c.played(call)
	for word := range strings.FieldsSeq(words) {
		path = strings.Replace(path, "{}", url.PathEscape(word), 1)
	}
	if method != http.MethodGet {
		path += "?wait_ms=5000"
	}
	a, err := c.s.backend.Call(c.s.t.Context(), method, path, "", body)
	return c.checked(call, a, err, status, members)
}

// holder calls with an API key.
func (c *caller) holder(call, key string, status int, members ...string) {
	c.s.t.Helper()
	method, path := c.played(call)
	a, err := c.s.backend.Call(c.s.t.Context(), method, path, key, nil)
	c.checked(call, a, err, status, members)
}

func (c *caller) form(call string, form url.Values, status int, members ...string) {
	c.s.t.Helper()
	_, path := c.played(call)
	a, err := c.s.backend.Form(c.s.t.Context(), path, form)
	c.checked(call, a, err, status, members)
}

// played crosses a call out; {} stands for whatever /openapi.json calls it.
func (c *caller) played(call string) (method, path string) {
	bare, _, _ := strings.Cut(call, "?")
	for known := range c.left {
		if regexp.MustCompile(`\{\w+\}`).ReplaceAllString(known, "{}") == bare {
			delete(c.left, known)
		}
	}
	method, path, _ = strings.Cut(call, " ")
	return method, path
}

func (c *caller) checked(call string, a play.Answer, err error, status int, members []string) play.Answer {
	c.s.t.Helper()
	must(c.s.t, err)
	if a.Status != status {
		c.s.t.Fatalf("%s: %d, want %d: %v", call, a.Status, status, a.Body)
	}
	for _, m := range members {
		name, want, _ := strings.Cut(m, " ")
		if got := a.Text(name); got != want {
			c.s.t.Errorf("%s: %s is %q, want %q: %v", call, name, got, want, a.Body)
		}
	}
	return a
}

// servedCalls are those of /openapi.json.
func (s *system) servedCalls() map[string]bool {
	s.t.Helper()
	text, err := s.get(s.stack.Env.AuthapiURL + "/openapi.json")
	must(s.t, err)
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	must(s.t, json.Unmarshal([]byte(text), &doc))
	calls := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			calls[strings.ToUpper(method)+" "+path] = true
		}
	}
	if len(calls) < 20 {
		s.t.Fatalf("/openapi.json has %d calls", len(calls))
	}
	return calls
}
