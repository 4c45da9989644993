package main

import (
	"net/http"
	"testing"
)

// Ensure each writing call says whether it is enforced here and at which version, and that one which
// was asked to wait in vain is 202.
func TestWritesSayWhatIsApplied(t *testing.T) {
	w := newWorld(t)
	tracked := map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": now()}
	outcome := map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": now(), "status": 400, "error": "invalid_grant", "error_description": "Offline user session not found"}
	var laggards []string
	for _, call := range []struct {
		method, path string
		body         any
		done         int
	}{
		{http.MethodPut, "/v1/offline-tokens", tracked, http.StatusOK},
		{http.MethodPost, "/v1/refresh-outcomes", outcome, http.StatusAccepted},
		{http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "a"}, http.StatusOK},
		{http.MethodDelete, "/api/service/users/u/orgs/o/api-keys/a", nil, http.StatusOK},
		{http.MethodPost, userKeys, map[string]any{"name": "b"}, http.StatusCreated},
		{http.MethodPut, "/v1/orgs/o/members/u", nil, http.StatusOK},
		{http.MethodDelete, "/v1/orgs/o/members/u", nil, http.StatusOK},
		{http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": true, "reason": "r"}, http.StatusOK},
		{http.MethodPost, "/v1/users/u/revoke", map[string]any{"tokens": true, "reason": "r"}, http.StatusOK},
	} {
		name := call.method + " " + call.path
		w.lag(func() {
			r := w.backend(call.method, call.path+"?wait_ms=1", call.body)
			version, _ := r.body["version"].(float64)
			if r.status != http.StatusAccepted || r.body["applied"] != false || version <= float64(w.known.Version()) {
				t.Errorf("%s: %d %s", name, r.status, r.raw)
			}
		})
		w.caughtUp()
		if call.method == http.MethodDelete {
			continue
		}
		if r := w.backend(call.method, call.path+"?wait_ms=5000", call.body); r.status != call.done || r.body["applied"] != true || r.body["version"] == nil {
			laggards = append(laggards, name+": "+r.raw)
		}
	}
	if len(laggards) > 0 {
		t.Errorf("not applied: %q", laggards)
	}
	w.stop()
	w.pool.Close()
	w.backend(http.MethodPost, "/v1/refresh-outcomes", outcome).want(t, http.StatusServiceUnavailable, "reason", "store_unavailable")
}
