package main

import (
	"net/http"
	"strings"
	"testing"
)

// Ensure a key or a token that stands where an id belongs is kept nowhere: not in the audit, not as a key's name, and,
// since orders go to the log, neither in the outbox nor in a fact.
func TestSecretsInPlaceOfIDs(t *testing.T) {
	w := newWorld(t)
	const jwt = "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"
	const old = "sk-oh-0123456789abcdef0123456789abcdef"
	key := w.mint("k")
	for _, s := range []string{key, jwt, old, strings.Replace(key, "tokst_", "%74okst_", 1), key[:len(key)-1]} {
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{http.MethodDelete, "/v1/users/u/api-keys/" + s, nil},
			{http.MethodPost, "/v1/users/" + s + "/standing", map[string]any{"enabled": true, "reason": "r"}},
			{http.MethodPost, "/v1/users/x-" + s + "/revoke", map[string]any{"tokens": true, "reason": "r"}},
			{http.MethodGet, "/v1/explain?user_id=" + s, nil},
		} {
			w.backend(c.method, c.path, c.body).want(t, http.StatusBadRequest, "reason", "invalid_request")
		}
	}
	for _, s := range []string{key, jwt, old} {
		w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": s, "client_id": "app", "session_id": "s", "issued_at": now()}).
			want(t, http.StatusUnprocessableEntity)
		outcome := map[string]any{"user_id": "u", "client_id": "app", "session_id": s, "issued_at": now(), "status": 400, "error": "invalid_grant"}
		w.backend(http.MethodPost, "/v1/refresh-outcomes", outcome).want(t, http.StatusUnprocessableEntity)
		outcome["session_id"], outcome["error_description"] = "s", "bad token "+s
		w.backend(http.MethodPost, "/v1/refresh-outcomes", outcome).want(t, http.StatusAccepted)
		w.backend(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": true, "reason": "leaked: " + s}).want(t, http.StatusOK)
		w.backend(http.MethodPost, "/v1/users/u/api-keys", map[string]any{"name": s}).want(t, http.StatusUnprocessableEntity)
		w.backend(http.MethodPost, "/v1/users/u/api-keys", map[string]any{"name": "n", "org_id": s}).want(t, http.StatusUnprocessableEntity)
		w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": s}).want(t, http.StatusUnprocessableEntity)
	}
	w.backend(http.MethodGet, "/v1/users/"+strings.Repeat("a", 4<<10)+"/offline-tokens", nil)
	w.server.Flush(t.Context())
	for table, n := range map[string]int{"act": 1, "outbox": 1, "journal": 0, "feed": 1, "offline_token": 0, "api_key": 1, "fact_refusal": 1, "fact_standing": 1} {
		rows, err := w.pool.Query(t.Context(), "SELECT to_jsonb(x)::text || coalesce(convert_from(decode(substr(to_jsonb(x)->>'raw', 3), 'hex'), 'UTF8'), '') FROM tokenstate."+table+" x")
		must(t, err)
		found := 0
		for rows.Next() {
			var text string
			must(t, rows.Scan(&text))
			found++
			for _, s := range []string{key[20:], jwt[30:], old[10:]} {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %s", table, text)
				}
			}
		}
		must(t, rows.Err())
		if found < n {
			t.Errorf("%d rows in %s", found, table)
		}
	}
	var longest, redacted int
	must(t, w.pool.QueryRow(t.Context(), "SELECT max(length(target)), count(*) FILTER (WHERE target LIKE '%REDACTED%') FROM tokenstate.act").Scan(&longest, &redacted))
	if longest != 1<<10 || redacted == 0 {
		t.Errorf("the longest target has %d bytes, %d are redacted", longest, redacted)
	}
}
