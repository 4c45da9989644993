package main

import (
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a token with fewer scopes does not take the place of one of the same session without a word: what the first
// was stored for would fail afterwards, although it still works.
func TestNarrowerTokenDoesNotSilentlyWin(t *testing.T) {
	const broad, narrow = "openid offline_access repo mail", "openid offline_access"
	w := newWorld(t)
	iat := now() - 100
	scoped := func(at tokenstate.Seconds, scope string) idp.Claims {
		c := offline("s", at)
		c.Scope = scope
		return c
	}
	w.put(scoped(iat, broad)).want(t, http.StatusCreated, "scope", broad)
	w.put(scoped(iat+1, narrow)).want(t, http.StatusConflict, "reason", "narrower_token")
	w.put(scoped(iat+2, "openid offline_access repo other")).want(t, http.StatusConflict, "reason", "narrower_token")
	w.put(scoped(iat-1, narrow)).want(t, http.StatusOK, "scope", broad) // an older one changes nothing
	w.put(scoped(iat+3, "mail repo more offline_access openid")).want(t, http.StatusOK, "scope", "mail repo more offline_access openid")
	body := map[string]any{"refresh_token": token(scoped(iat+4, narrow)), "accept_narrower": true}
	w.backend(http.MethodPut, "/v1/offline-tokens?wait_ms=5000", body).want(t, http.StatusOK, "scope", narrow)
	list := w.backend(http.MethodGet, "/v1/users/u/offline-tokens", nil).want(t, http.StatusOK)
	if items, _ := list.body["items"].([]any); len(items) != 1 || items[0].(map[string]any)["scope"] != narrow {
		t.Fatalf("listed %v", list.body)
	}

	tracked := map[string]any{"user_id": "u", "client_id": "other", "session_id": "s2", "issued_at": iat, "scope": broad}
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusCreated, "scope", broad)
	tracked["issued_at"], tracked["scope"] = iat+1, narrow
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusConflict, "reason", "narrower_token")
	delete(tracked, "scope") // a backend that does not say: nobody can tell
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusOK, "scope", broad)
}

// Ensure the token of a new login takes the place of one that works no more, whatever that was allowed to do.
func TestNarrowerTokenReplacesADeadOne(t *testing.T) {
	w := newWorld(t)
	c := offline("s", now()-100)
	c.Scope = "openid offline_access repo"
	w.put(c).want(t, http.StatusCreated)
	w.learn(tokenstate.CutoffRow{
		Scope: tokenstate.Scope{Realm: "demo", Session: "s"}, Cause: "an-order",
		Value: tokenstate.Cutoff{Before: now() - 50, At: (now() - 50).Millis(), Tokens: true, Reason: tokenstate.ReasonOrder},
	})
	c.IssuedAt, c.Scope = now(), "openid offline_access"
	w.put(c).want(t, http.StatusOK, "state", "usable", "scope", c.Scope)
}
