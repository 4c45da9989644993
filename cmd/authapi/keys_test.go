package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure blanks around a name, and how a UUID is written, make no other key; and that an empty X-Org-Id names none.
func TestSystemKeys_Spellings(t *testing.T) {
	w := newWorld(t)
	const org = "5a8c9d10-0000-4000-8000-00000000abcd"
	mint := func(org, name string) string {
		r := w.backend(http.MethodPost, "/api/service/users/u/orgs/"+org+"/api-keys?wait_ms=5000", map[string]any{"name": name}).want(t, http.StatusOK, "name", "automation")
		return r.body["key"].(string)
	}
	key := mint(org, "automation")
	if mint(strings.ToUpper(org), " automation ") != key {
		t.Error("another spelling gives another key")
	}
	for _, named := range []string{"", org, strings.ToUpper(org)} {
		w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key, "X-Org-Id", named).want(t, http.StatusOK, "org_id", org)
	}
	w.backend(http.MethodDelete, "/api/service/users/u/orgs/"+strings.ToUpper(org)+"/api-keys/automation%20?wait_ms=5000", nil).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
}

// Ensure a system key is the same at every mint, until it is revoked; then another one.
func TestSystemKeys(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() { got[i] = w.mint("automation") })
	}
	wg.Wait()
	for _, key := range got {
		if key != got[0] || !strings.HasPrefix(key, "tokst_") {
			t.Fatalf("%d different keys", len(got))
		}
	}
	r := w.me(got[0]).want(t, http.StatusOK, "user_id", "u", "id", "u", "org_id", "o")
	key, _ := r.body["key"].(map[string]any)
	if key["name"] != "automation" || key["kind"] != "system" {
		t.Errorf("key: %v", key)
	}
	if tok, _ := r.body["token"].(map[string]any); tok["state"] != "unknown" {
		t.Errorf("token: %v", tok)
	}
	const path = "/api/service/users/u/orgs/o/api-keys/automation?wait_ms=5000"
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusOK)
	refused := w.me(got[0]).want(t, http.StatusUnauthorized, "reason", "revoked")
	if refused.body["event_id"] == nil || refused.body["since"] == nil {
		t.Errorf("it does not say since when and why: %s", refused.raw)
	}
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusNotFound)
	next := w.mint("automation")
	if next == got[0] {
		t.Fatal("a revoked key came back")
	}
	w.me(next).want(t, http.StatusOK)
	w.backend(http.MethodDelete, path+"&block=true", nil).want(t, http.StatusOK)
	w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "automation"}).
		want(t, http.StatusConflict, "reason", "key_blocked")
}

// Ensure keys die with their owner, and live again with them; and that what a deletion killed
// stays dead, while the next mint gives a new one.
func TestKeysFollowTheirOwner(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	now := tokenstate.Millis(time.Now().UnixMilli())
	w.learn(standing(now, func(s *tokenstate.Standing) { s.Disabled = true }))
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
	mint := func() reply {
		return w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "automation"})
	}
	mint().want(t, http.StatusConflict, "reason", "user_disabled")
	w.learn(standing(now+20_000, func(*tokenstate.Standing) {}))
	w.me(key).want(t, http.StatusOK)
	w.learn(standing(now+40_000, func(s *tokenstate.Standing) { s.Gone = true }),
		tokenstate.CutoffRow{
			Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Cause: "deleted",
			Value: tokenstate.Cutoff{Before: now.Second() + 1, At: now, Tokens: true, Keys: true, Reason: tokenstate.ReasonUserDeleted},
		})
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_deleted", "event_id", "deleted")
	mint().want(t, http.StatusNotFound, "reason", "no_such_user")
	w.learn(standing(now+60_000, func(*tokenstate.Standing) {})) // imported again
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_deleted")
	again := mint().want(t, http.StatusOK).body["key"].(string)
	if again == key {
		t.Fatal("the same id, imported again, got the dead key back")
	}
	w.me(again).want(t, http.StatusOK)
}

// Ensure an owner who was never looked at is looked at once, and what happens without Keycloak.
func TestUnknownOwner(t *testing.T) {
	w := newWorld(t)
	mint := func() reply {
		return w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "a"})
	}
	w.idp.look = idp.Look{Gone: true}
	mint().want(t, http.StatusNotFound, "reason", "no_such_user")
	w.idp.look = idp.Look{Enabled: false}
	mint().want(t, http.StatusConflict, "reason", "user_disabled")
	w.idp.away = errAway
	w.server.Gate.StandingMaxAge = time.Minute
	mint().want(t, http.StatusServiceUnavailable)
	w.server.Gate.StandingMaxAge = 0
	key := mint().want(t, http.StatusOK).body["key"].(string)
	w.me(key).want(t, http.StatusOK)
	w.server.Gate.StandingMaxAge = time.Minute // strict: nothing is known of the owner
	r := w.me(key).want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// Ensure whatever is not exactly a key that we gave out is 401 unknown, with a challenge, and
// that the first header present decides.
func TestPresentedKeys(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	wrong := key[:len(key)-8] + "AAAAAAAA"
	for name, headers := range map[string][]string{
		"none": {}, "two": {"Authorization", "Bearer " + key, "Authorization", "Bearer " + key},
		"basic": {"Authorization", "Basic " + key},
		"tab":   {"Authorization", "Bearer\t" + key}, "bad sum": {"Authorization", "Bearer " + wrong},
		"cut": {"Authorization", "Bearer " + key[:40]}, "long": {"Authorization", "Bearer " + strings.Repeat("x", 300)},
		"not ascii":         {"Authorization", "Bearer " + key + "ä"},
		"bad one first":     {"Authorization", "Bearer nonsense", "X-Session-API-Key", key},
		"two session":       {"X-Session-API-Key", key, "X-Session-API-Key", key},
		"a service key":     {"Authorization", "Bearer " + w.service},
		"in another header": {"X-Api-Key", key},
	} {
		r := w.ask(http.MethodGet, "/api/v1/users/me", nil, headers...)
		r.want(t, http.StatusUnauthorized, "reason", "unknown")
		challenge := r.header.Get("WWW-Authenticate")
		if !strings.HasPrefix(challenge, "Bearer") || strings.Contains(challenge, "error=") == (name == "none" || name == "in another header") {
			t.Errorf("%s: challenge %q", name, challenge)
		}
		if strings.Contains(r.raw, key[10:30]) {
			t.Errorf("%s: the answer repeats the key", name)
		}
	}
	for _, headers := range [][]string{
		{"Authorization", "Bearer  " + key},
		{"Authorization", "Basic dTpw", "X-Access-Token", key},
		{"Authorization", "", "X-Session-API-Key", key},
		{"Authorization", "bearer " + key},
		{"X-Session-API-Key", key},
		{"X-Access-Token", key},
		{"X-Session-API-Key", key, "X-Access-Token", "nonsense"},
		{"Authorization", "Bearer " + key, "X-Org-Id", "o"},
	} {
		w.ask(http.MethodGet, "/api/v1/users/me", nil, headers...).want(t, http.StatusOK)
	}
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key, "X-Org-Id", "other").want(t, http.StatusForbidden)
}

// Ensure a credential does only what its scopes, its realm and its organizations allow.
func TestServiceCredentials(t *testing.T) {
	w := newWorld(t)
	ask := func(key string) reply {
		return w.ask(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "a"}, "X-Service-API-Key", key)
	}
	ask("tokst_nonsense").want(t, http.StatusUnauthorized)
	ask(w.mint("b")).want(t, http.StatusUnauthorized) // a user's key is none
	ask(w.credential("few", "demo", []string{gate.ScopeDecide}, nil)).want(t, http.StatusForbidden, "reason", "insufficient_scope")
	ask(w.credential("else", "other", gate.Scopes(), nil)).want(t, http.StatusForbidden, "reason", "wrong_realm")
	ask(w.credential("org", "demo", gate.Scopes(), []string{"p"})).want(t, http.StatusForbidden, "reason", "wrong_organization")
	ask(w.credential("org2", "demo", gate.Scopes(), []string{"o"})).want(t, http.StatusOK)
}
