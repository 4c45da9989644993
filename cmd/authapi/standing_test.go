package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure the backend's word acts at once, and that neither authority opens what the other closed.
func TestTheBackendsStanding(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	say := func(enabled bool) reply {
		return w.backend(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": enabled, "reason": "left the company"})
	}
	w.me(key).want(t, http.StatusOK)
	r := say(false).want(t, http.StatusOK)
	if r.body["event_id"] == "" || r.body["applied"] != true {
		t.Errorf("the answer: %s", r.raw)
	}
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
	now := tokenstate.Millis(time.Now().UnixMilli())
	w.learn(standing(now, func(*tokenstate.Standing) {})) // Keycloak says that the user is enabled
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
	say(true).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusOK)
	w.learn(standing(now+1, func(s *tokenstate.Standing) { s.Disabled = true }))
	say(true).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
}

// Ensure credentials revoked before a time stay dead after the enable, and a new mint is another key.
func TestCredentialsRevokedBefore(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.backend(http.MethodPost, "/v1/users/u/standing", map[string]any{
		"enabled": true, "reason": "stolen laptop", "credentials_revoked_before": time.Now().Add(time.Second),
	}).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	if w.mint("automation") == key {
		t.Fatal("the same key was minted again")
	}
}

// Ensure a revocation of keys reaches keys, and one of tokens does not.
func TestRevokeReachesWhatItNames(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	revoke := func(body map[string]any) reply { return w.backend(http.MethodPost, "/v1/users/u/revoke", body) }
	revoke(map[string]any{"reason": "x"}).want(t, http.StatusUnprocessableEntity, "reason", "nothing_to_revoke")
	revoke(map[string]any{"tokens": true}).want(t, http.StatusUnprocessableEntity)
	revoke(map[string]any{"tokens": true, "reason": "x"}).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusOK)
	r := revoke(map[string]any{"keys": true, "reason": "x"}).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked", "event_id", fmt.Sprint(r.body["event_id"]))
}

// Ensure an order answers what it found, and so whether its user is known at all.
func TestOrdersSayWhatTheyReached(t *testing.T) {
	w := newWorld(t)
	w.mint("automation")
	w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": time.Now().Unix()}).want(t, http.StatusCreated)
	reached := func(path string, body map[string]any, users, tokens, keys float64) {
		t.Helper()
		body["reason"] = "x"
		r := w.backend(http.MethodPost, path, body).want(t, http.StatusOK)
		if got, _ := r.body["reached"].(map[string]any); got["users"] != users || got["tokens"] != tokens || got["keys"] != keys {
			t.Errorf("%s %v: %s", path, body, r.raw)
		}
	}
	reached("/v1/users/u/standing", map[string]any{"enabled": true}, 1, 1, 1)
	reached("/v1/users/U/standing", map[string]any{"enabled": false}, 0, 0, 0)
	reached("/v1/users/u/revoke", map[string]any{"tokens": true}, 1, 1, 0)
	reached("/v1/users/u/revoke", map[string]any{"keys": true, "before": time.Now().Add(-time.Hour)}, 0, 0, 0)
	reached("/v1/users/u/revoke", map[string]any{"keys": true}, 1, 0, 1)
	reached("/v1/users/typo/revoke", map[string]any{"tokens": true, "keys": true}, 0, 0, 0)
}

// Ensure only a credential with the scope, for the whole user, may give such orders.
func TestOrdersNeedTheirScope(t *testing.T) {
	w := newWorld(t)
	body := map[string]any{"enabled": false, "reason": "x"}
	for name, k := range map[string]struct{ scopes, orgs []string }{
		"insufficient_scope": {[]string{"mint", "keys", "decide"}, nil}, "wrong_organization": {[]string{"standing"}, []string{"o"}},
	} {
		cred := w.credential(name, "demo", k.scopes, k.orgs)
		w.ask(http.MethodPost, "/v1/users/u/standing", body, "X-Service-API-Key", cred).want(t, http.StatusForbidden, "reason", name)
	}
	w.ask(http.MethodPost, "/v1/users/u/standing", body).want(t, http.StatusUnauthorized)
	w.ask(http.MethodGet, "/v1/explain?user_id=u", nil).want(t, http.StatusUnauthorized)
}

// Ensure explain knows nobody before something was said of them.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	w.backend(http.MethodGet, "/v1/explain?user_id=nobody", nil).want(t, http.StatusNotFound, "reason", "nothing_known")
	w.backend(http.MethodGet, "/v1/explain", nil).want(t, http.StatusUnprocessableEntity)
	w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": time.Now().Unix()}).want(t, http.StatusCreated)
	r := w.backend(http.MethodGet, "/v1/explain?user_id=u", nil).want(t, http.StatusOK, "user", "u", "realm", "demo")
	if _, ok := r.body["steps"].([]any); !ok {
		t.Errorf("steps: %s", r.raw)
	}
}
