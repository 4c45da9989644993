package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// disable has a look see the user u disabled.
func (w *world) disable() {
	w.t.Helper()
	w.learn(standing(tokenstate.Millis(now())*1000, func(s *tokenstate.Standing) { s.Disabled = true }))
}

// refusals are the items of GET /v1/refusals.
func (w *world) refusals(query string) (items []map[string]any) {
	w.t.Helper()
	r := w.backend(http.MethodGet, "/v1/refusals?"+query, nil).want(w.t, http.StatusOK)
	for _, one := range r.body["items"].([]any) {
		items = append(items, one.(map[string]any))
	}
	return items
}

// Ensure the request id of a refused call leads to the reason, at every door, and the key's id and the user do, too.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	id, envoy := key[6:16], w.envoy()
	w.disable()
	bearer := []string{"Authorization", "Bearer " + key, "X-Request-Id"}
	w.ask(http.MethodGet, "/api/v1/users/me", nil, append(bearer, "from-http")...).want(t, http.StatusUnauthorized, "key_id", id)
	w.ask(http.MethodGet, "/v1/authorize", nil, append(bearer, "from-nginx")...).want(t, http.StatusUnauthorized, "key_id", id)
	envoy.check(append(bearer, "from-envoy")...)
	for request, door := range map[string]string{"from-http": "http", "from-nginx": "authorize", "from-envoy": "extauthz"} {
		items := w.refusals("request_id=" + request)
		if len(items) != 1 {
			t.Fatalf("%s: %v", request, items)
		}
		for name, want := range map[string]any{
			"request_id": request, "door": door, "reason": "user_disabled", "status": 401.0, "event_id": "look",
			"key_id": id, "user_id": "u", "org_id": "o", "realm": "demo",
		} {
			if items[0][name] != want {
				t.Errorf("%s: %s is %v, want %v", request, name, items[0][name], want)
			}
		}
	}
	if items := w.refusals("key_id=" + id); len(items) != 3 || items[0]["door"] != "extauthz" {
		t.Errorf("of the key: %v", items)
	}
	if items := w.refusals("user_id=u&limit=2"); len(items) != 2 {
		t.Errorf("of the user: %v", items)
	}
	w.backend(http.MethodGet, "/v1/refusals", nil).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	w.backend(http.MethodGet, "/v1/refusals?key_id="+key, nil).want(t, http.StatusBadRequest)
	other := w.credential("other", "elsewhere", []string{"explain"}, nil)
	w.ask(http.MethodGet, "/v1/refusals?user_id=u", nil, "X-Service-API-Key", other).want(t, http.StatusForbidden)
}

// Ensure nothing is told of a key before its secret has matched, nor of one that a gateway's realm does not know.
func TestRefusals_BeforeTheSecretMatched(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.disable()
	for request, presented := range map[string]string{
		"wrong-secret": "Bearer " + apikey.Prefix + key[6:17] + strings.Repeat("x", 49), "legacy": "Bearer sk-oh-0123456789abcdef0",
	} {
		w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", presented, "X-Request-Id", request).want(t, http.StatusUnauthorized, "reason", "unknown", "key_id", "")
	}
	w.ask(http.MethodGet, "/v1/authorize?realm=elsewhere", nil, "Authorization", "Bearer "+key, "X-Request-Id", "other-realm").want(t, http.StatusUnauthorized, "reason", "unknown", "key_id", "")
	for _, request := range []string{"wrong-secret", "legacy", "other-realm"} {
		items := w.refusals("request_id=" + request)
		if len(items) != 1 || items[0]["reason"] != "unknown" || items[0]["key_id"] != nil || items[0]["user_id"] != nil || items[0]["realm"] != nil {
			t.Errorf("%s: %v", request, items)
		}
	}
	// A key of another format, sent as the request's id, is neither remembered nor logged.
	r := w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer x", "X-Request-Id", "sk-oh-0123456789abcdef0")
	if r.header.Get("X-Request-Id") == "sk-oh-0123456789abcdef0" || strings.Contains(w.log.String(), "sk-oh-0") {
		t.Error("a key was taken for a request's id")
	}
}

// Ensure the log has one line for a key and a reason, however often it is refused, and never the key.
func TestRefusals_InTheLog(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.disable()
	for range 20 {
		w.me(key).want(t, http.StatusUnauthorized)
	}
	const line = `"reason":"user_disabled"`
	log := w.log.String()
	if n := strings.Count(log, line); n != 1 {
		t.Errorf("%d lines, want 1", n)
	}
	for _, part := range []string{`"key":"` + key[6:16], `"user":"u"`, `"event":"look"`, `"times":1`, `"request":"`} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %s", part)
		}
	}
	if strings.Contains(log, key[17:40]) {
		t.Error("the log shows the key")
	}
}

// Ensure a refused access token is remembered under its user, and a key that may not ask for one under the key.
func TestRefusals_OfAccessTokens(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.put(offline("s", now())).want(t, http.StatusCreated)
	w.learn(cut("c"))
	w.ask(http.MethodPost, "/v1/users/u/access-token", map[string]any{}, "X-Service-API-Key", w.service, "X-Request-Id", "dead").want(t, http.StatusConflict)
	w.ask(http.MethodPost, "/v1/users/u/access-token", map[string]any{}, "Authorization", "Bearer "+key, "X-Request-Id", "may-not").want(t, http.StatusForbidden, "key_id", key[6:16])
	items := w.refusals("user_id=u")
	if len(items) != 2 || items[1]["request_id"] != "dead" || items[1]["event_id"] != "c" || items[1]["key_id"] != nil ||
		items[0]["reason"] != "insufficient_scope" || items[0]["key_id"] != key[6:16] {
		t.Errorf("remembered: %v", items)
	}
}

// Ensure Envoy's access log can name the key and the user of a refusal, once the secret has matched.
func TestEnvoyHearsWhoseKeyWasRefused(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("automation"), w.envoy()
	w.disable()
	said := func(headers ...string) (key, user string) {
		f := e.check(headers...).GetDynamicMetadata().GetFields()
		return f["key_id"].GetStringValue(), f["user_id"].GetStringValue()
	}
	if id, user := said("Authorization", "Bearer "+key); id != key[6:16] || user != "u" {
		t.Errorf("the secret matched: key %q, user %q", id, user)
	}
	if id, user := said("Authorization", "Bearer "+key[:17]+strings.Repeat("x", 49)); id != "" || user != "" {
		t.Errorf("it did not: key %q, user %q", id, user)
	}
}
