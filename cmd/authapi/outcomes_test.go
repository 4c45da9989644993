package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Ensure what a backend was answered counts as our own refreshes' answers do: against exactly that
// token, until the time to try again, and only if it is about the token at all.
func TestRefreshOutcomes(t *testing.T) {
	w := newWorld(t)
	iat := time.Now().Unix() - 100
	track := func(session string) {
		w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": "u", "client_id": "app2", "session_id": session, "issued_at": iat}).want(t, http.StatusCreated)
	}
	report := func(session string, status int, code, text string) reply {
		return w.backend(http.MethodPost, "/v1/refresh-outcomes", map[string]any{
			"user_id": "u", "client_id": "app2", "session_id": session, "issued_at": iat, "status": status, "error": code, "error_description": text,
		}).want(t, http.StatusAccepted)
	}
	state := func(session string) map[string]any {
		r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u", "client_id": "app2", "session_id": session, "issued_at": iat}}}).want(t, http.StatusOK)
		item, _ := r.body["items"].([]any)[0].(map[string]any)
		return item
	}
	for _, c := range []struct {
		name, code, text string
		status           int
		recorded         bool
	}{
		{"gone", "invalid_grant", "Offline user session not found", 400, true},
		{"disabled", "invalid_grant", "User disabled", 400, true},
		{"unknown text", "invalid_grant", "something that a later version says", 400, true},
		{"our client", "invalid_client", "Invalid client credentials", 401, false},
		{"the server", "", "", 503, false},
		{"too many", "slow_down", "", 429, false},
		{"a proxy", "", "<html>", 502, false},
	} {
		track(c.name)
		track(c.name + ", another")
		r := report(c.name, c.status, c.code, c.text)
		if r.body["recorded"] != c.recorded || r.body["reason"] == "" {
			t.Errorf("%s: %s", c.name, r.raw)
		}
		want := map[bool]string{true: "suspended", false: "usable"}[c.recorded]
		if got := state(c.name); got["state"] != want || c.recorded && (got["reason"] != "refused" || got["retry_at"] == nil) {
			t.Errorf("%s: %v, not %s", c.name, got, want)
		}
		if got := state(c.name + ", another"); got["state"] != "usable" {
			t.Errorf("%s: the refusal spread to another token: %v", c.name, got)
		}
	}
	report("gone", 200, "", "") // it came back
	if got := state("gone"); got["state"] != "usable" {
		t.Errorf("a success does not lift the refusal: %v", got)
	}
	standing := func(enabled bool) {
		w.backend(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": enabled, "reason": "test"}).want(t, http.StatusOK)
	}
	report("disabled", 200, "", "")
	standing(false)
	report("disabled", 400, "invalid_grant", "Offline user session not found")
	report("disabled", 200, "", "") // while another reason is the worse one
	standing(true)
	if got := state("disabled"); got["state"] != "usable" {
		t.Errorf("a success that was told while the user was disabled here does not lift the refusal: %v", got)
	}
	w.backend(http.MethodPost, "/v1/refresh-outcomes", map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": 1.5, "status": 400}).
		want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	report("disabled", 400, "invalid_grant", strings.Repeat("é", 1000)+"\x00")
	w.ask(http.MethodPost, "/v1/refresh-outcomes", map[string]any{}, "X-Service-API-Key", w.credential("reader", "demo", []string{"decide"}, nil)).
		want(t, http.StatusForbidden, "reason", "insufficient_scope")
}
