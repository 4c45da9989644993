package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const form = "application/x-www-form-urlencoded"

func (w *world) introspect(form string, headers ...string) reply {
	w.t.Helper()
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded", "X-Service-API-Key", w.service}, headers...)
	return w.ask(http.MethodPost, "/oauth2/introspect", form, headers...)
}

// Ensure a live key is told with RFC 7662's members, and whatever is none with active alone.
func TestIntrospect(t *testing.T) {
	w := newWorld(t)
	expires := time.Now().Add(time.Hour)
	made := w.create(map[string]any{"name": "n", "org_id": "o", "expires_at": expires, "scopes": []string{"access-token"}})
	key := made.text("key")
	r := w.introspect("token_type_hint=access_token&token="+url.QueryEscape(key)).
		want(t, http.StatusOK, "sub", "u", "scope", "access-token", "jti", made.text("id"), "org_id", "o", "token_type", "api_key", "key_kind", "user")
	if r.body["active"] != true || r.body["exp"] != float64(expires.Unix()) || r.body["iat"] == nil || r.header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		t.Errorf("active: %v %s", r.header, r.raw)
	}
	inactive := func(name, token string) {
		t.Helper()
		if r := w.introspect("token=" + url.QueryEscape(token)); r.status != http.StatusOK || strings.TrimSpace(r.raw) != `{"active":false}` {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	inactive("nonsense", "nonsense")
	inactive("wrong sum", key[:len(key)-1])
	inactive("not ASCII", "tokst_ä")
	inactive("unknown", apikey.Format(apikey.Entropy{}).Text().Reveal())
	inactive("a credential", w.service)
	w.backend(http.MethodDelete, userKeys+"/"+made.text("id")+"?wait_ms=5000", nil).want(t, http.StatusOK)
	inactive("revoked", key)
	other := w.create(map[string]any{"name": "m"}).text("key")
	w.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(s *tokenstate.Standing) { s.Disabled = true }))
	inactive("disabled owner", other)
}

// Ensure what is no form of one token is refused, and what cannot be decided is 503.
func TestIntrospect_BadInput(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	for name, body := range map[string]string{
		"empty": "", "no token": "a=b", "empty token": "token=", "two": "token=" + key + "&token=x", "bad escape": "token=%zz", "not UTF-8": "token=%ff",
	} {
		if r := w.introspect(body); r.status != http.StatusBadRequest || r.text("error") != "invalid_request" || strings.Contains(r.raw, key) {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.introspect("token="+strings.Repeat("x", 5000)).want(t, http.StatusRequestEntityTooLarge)
	w.ask(http.MethodPost, "/oauth2/introspect", map[string]any{"token": key}, "X-Service-API-Key", w.service).want(t, http.StatusUnsupportedMediaType)
	w.ask(http.MethodGet, "/oauth2/introspect?token="+key, nil, "X-Service-API-Key", w.service).want(t, http.StatusMethodNotAllowed)
	w.ask(http.MethodPost, "/oauth2/introspect", "token="+key, "Content-Type", form).want(t, http.StatusUnauthorized)
	few := w.credential("few", "demo", []string{gate.ScopeDecide}, nil)
	w.ask(http.MethodPost, "/oauth2/introspect", "token="+key, "X-Service-API-Key", few).want(t, http.StatusForbidden)
	w.server.Gate.StandingMaxAge = time.Minute // strict, and the owner was never looked at
	w.introspect("token="+key).want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	w.server.Gate.StandingMaxAge = 0
	w.stop()
	w.pool.Close() // a key that memory lacks cannot be looked up
	w.introspect("token="+apikey.Format(apikey.Entropy{}).Text().Reveal()).want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	w.introspect("token="+key).want(t, http.StatusOK)
}
