package main

import (
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a backend that asks about an older generation than the stored one is not told to use it where each refresh
// token is good once: Keycloak would take that for a theft, and end the newer one, too.
func TestOlderGenerationIsSuperseded(t *testing.T) {
	w := newWorld(t)
	iat := now() - 100
	w.put(offline("s", iat)).want(t, http.StatusCreated)
	ask := func(issuedAt tokenstate.Seconds) (state, reason any) {
		r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{
			map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": issuedAt},
		}}).want(t, http.StatusOK)
		item, _ := r.body["items"].([]any)[0].(map[string]any)
		return item["state"], item["reason"]
	}
	if state, _ := ask(iat - 50); state != "usable" {
		t.Errorf("without rotation: %v", state)
	}
	w.learn(tokenstate.StandingRow{
		Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo", Key: "rotation"}, Authority: tokenstate.Keycloak},
		Node:    "kc1", Value: tokenstate.Standing{At: iat.Millis(), Disabled: true, Cause: "look"},
	})
	if state, reason := ask(iat - 50); state != "suspended" || reason != "superseded" {
		t.Errorf("an older generation: %v %v", state, reason)
	}
	if state, _ := ask(iat); state != "usable" {
		t.Errorf("the stored one: %v", state)
	}
}
