package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// Ensure Keycloak's refusal to end a session is told with its reason, for who comes back is refused
// again; a token that is dead already is a success, and only the lack of an answer is 503.
func TestLogoutRefused(t *testing.T) {
	w := newWorld(t)
	claims, err := json.Marshal(map[string]any{"iss": "https://id/realms/demo", "sub": "u", "sid": "s", "azp": "app", "iat": now(), "typ": "Refresh"})
	must(t, err)
	body := map[string]any{"refresh_token": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS512"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"}
	for _, c := range []struct {
		status     int
		code, text string
		want       int
		reason     string
	}{
		{400, "invalid_grant", "User disabled", http.StatusConflict, "user_disabled"},
		{400, "invalid_grant", "Stale token", http.StatusConflict, "stale"},
		{400, "invalid_grant", "Invalid refresh token", http.StatusConflict, "invalid_token"},
		{403, "access_denied", "Realm not enabled", http.StatusConflict, "realm_disabled"},
		{400, "invalid_grant", "Offline user session not found", http.StatusOK, ""},
		{400, "invalid_grant", "Session not active", http.StatusOK, ""},
		{401, "invalid_client", "Invalid client or Invalid client credentials", http.StatusServiceUnavailable, "identity_provider_unavailable"},
		{500, "invalid_grant", "User disabled", http.StatusServiceUnavailable, "identity_provider_unavailable"},
	} {
		w.of(saying(c.status, "application/json", fmt.Sprintf(`{"error":%q,"error_description":%q}`, c.code, c.text)), false)
		r := w.backend(http.MethodPost, "/v1/logout", body)
		if got, _ := r.body["reason"].(string); r.status != c.want || got != c.reason {
			t.Errorf("%s: %d %s", c.text, r.status, r.raw)
		}
		if r.status == http.StatusConflict && r.body["type"] != "urn:tokenstate:problem:logout-refused" {
			t.Errorf("%s: %s", c.text, r.raw)
		}
	}
}

// Ensure nothing is ended if the offline token, which was to be ended as well, is not here.
func TestLogoutOfATrackedToken(t *testing.T) {
	w := newWorld(t)
	w.backend(http.MethodPut, "/v1/offline-tokens?wait_ms=5000", map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": now()}).want(t, http.StatusCreated)
	online := offline("s", now())
	online.Offline = false
	w.backend(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": token(online), "revoke_offline": true}).
		want(t, http.StatusUnprocessableEntity, "reason", "tracked_token")
	if w.idp.logouts != 0 {
		t.Fatal("the online session was ended")
	}
}
