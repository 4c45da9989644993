package main

import (
	"net/http"
	"testing"
	"time"
)

// Ensure a token whose own exp has passed is refused for good and without a call to Keycloak, whether it is sealed
// here or kept by its backend.
func TestExpiredTokenAsksNobody(t *testing.T) {
	w := newWorld(t)
	c := offline("s", now()-1000)
	c.Expires = now() - 500
	exp := time.Unix(int64(c.Expires), 0).UTC().Format(time.RFC3339)
	w.put(c).want(t, http.StatusCreated, "state", "revoked", "expires_at", exp)
	asked := w.idp.asks.Load()
	w.access().want(t, http.StatusConflict, "type", "urn:tokenstate:problem:offline-token-revoked", "reason", "expired", "since", exp)
	if n := w.idp.asks.Load() - asked; n != 0 {
		t.Errorf("Keycloak was asked %d times", n)
	}
	tracked := map[string]any{"user_id": "u", "client_id": "other", "session_id": "s2", "issued_at": now() - 1000, "expires_at": exp}
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusCreated, "custody", "tracked", "state", "revoked")
	tracked["expires_at"] = "1950-01-01T00:00:00Z"
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusUnprocessableEntity)
	delete(tracked, "expires_at")
	tracked["issued_at"] = now()
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusOK, "state", "usable")
}
