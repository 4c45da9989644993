package main

import (
	"net/http"
	"testing"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// Ensure every answer about a key names its realm, and that a gateway which is for one realm's users
// is told of no other's: the same user id may be somebody else's there.
func TestRealmOfAKey(t *testing.T) {
	w := newWorld(t)
	_, other := w.otherRealm()
	e := w.envoy()
	theirs := w.as(other, http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "k"}).want(t, http.StatusOK).text("key")
	for realm, key := range map[string]string{"demo": w.mint("k"), "other": theirs} {
		bearer := []string{"Authorization", "Bearer " + key}
		for _, query := range []string{"", "?realm=" + realm} {
			w.ask(http.MethodGet, "/api/v1/users/me"+query, nil, bearer...).want(t, http.StatusOK, "user_id", "u", "realm", realm)
			if r := w.ask(http.MethodGet, "/v1/authorize"+query, nil, append(bearer, "X-Auth-Realm", "root")...).want(t, http.StatusOK); r.header.Get("X-Auth-Realm") != realm {
				t.Errorf("authorize%s: %v", query, r.header)
			}
		}
		for _, pin := range []map[string]string{nil, {"realm": realm}} {
			r := e.pinned(pin, bearer...)
			if got := r.GetDynamicMetadata().GetFields()["realm"].GetStringValue(); got != realm {
				t.Errorf("ext_authz %v: realm %q in %v", pin, got, r)
			}
		}
		for _, pin := range []string{"third", "", map[string]string{"demo": "other", "other": "demo"}[realm]} {
			w.ask(http.MethodGet, "/api/v1/users/me?realm="+pin, nil, bearer...).want(t, http.StatusUnauthorized, "reason", "unknown")
			r := w.ask(http.MethodGet, "/v1/authorize?realm="+pin, nil, bearer...).want(t, http.StatusUnauthorized, "reason", "unknown")
			if values, set := r.header["X-Auth-Realm"]; !set || values[0] != "" {
				t.Errorf("a refusal leaves the realm %q", values)
			}
			if d := e.pinned(map[string]string{"realm": pin}, bearer...).GetDeniedResponse(); d.GetStatus().GetCode() != http.StatusUnauthorized {
				t.Errorf("ext_authz for %q: %v", pin, d)
			}
		}
	}
}

// pinned is check with the configuration's context_extensions.
func (e *envoy) pinned(extensions map[string]string, headers ...string) *auth.CheckResponse {
	e.t.Helper()
	out, err := e.auth.Check(e.t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Request: &auth.AttributeContext_Request{Http: httpRequest(headers)}, ContextExtensions: extensions,
	}})
	must(e.t, err)
	return out
}

// Ensure a credential that is limited to organizations cannot reach what is not of one: a user's
// tokens, standing and story; and learns nothing of keys of other organizations, or of none.
func TestCredentialOfOneOrganization(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now())).want(t, http.StatusCreated)
	limited := w.credential("limited", "demo", gate.Scopes(), []string{"p"})
	raw := token(offline("s", now()))
	tracked := map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": now(), "status": 400, "error": "invalid_grant"}
	for call, body := range map[[2]string]any{
		{http.MethodPut, "/v1/offline-tokens"}:                    map[string]any{"refresh_token": raw},
		{http.MethodGet, "/v1/users/u/offline-tokens"}:            nil,
		{http.MethodDelete, "/v1/users/u/offline-tokens/s"}:       nil,
		{http.MethodPost, "/v1/users/u/access-token"}:             map[string]any{},
		{http.MethodPost, "/v1/refresh-outcomes"}:                 tracked,
		{http.MethodPost, "/v1/logout"}:                           map[string]any{"refresh_token": raw, "revoke_offline": true},
		{http.MethodPost, "/v1/users/u/standing"}:                 map[string]any{"enabled": false, "reason": "r"},
		{http.MethodPost, "/v1/users/u/revoke"}:                   map[string]any{"tokens": true, "reason": "r"},
		{http.MethodGet, "/v1/users/u/auth"}:                      nil,
		{http.MethodGet, "/v1/users?idp=a&idp_user_id=b"}:         nil,
		{http.MethodGet, "/v1/explain?user_id=u"}:                 nil,
		{http.MethodPost, "/v1/users/by-email"}:                   map[string]any{"email": "a@b"},
		{http.MethodGet, "/v1/events/e"}:                          nil,
		{http.MethodPost, "/v1/decide"}:                           map[string]any{"items": []any{map[string]any{"user_id": "u"}}},
		{http.MethodPut, "/v1/orgs/o/members/u"}:                  nil,
		{http.MethodPost, "/v1/users/u/api-keys"}:                 map[string]any{"name": "n", "org_id": "o"},
		{http.MethodPost, "/api/service/users/u/orgs/o/api-keys"}: map[string]any{"name": "n"},
	} {
		if r := w.as(limited, call[0], call[1], body); r.status != http.StatusForbidden || r.text("reason") != "wrong_organization" {
			t.Errorf("%v: %d %s", call, r.status, r.raw)
		}
	}
	if n := w.idp.calls() + w.idp.logouts; n != 0 {
		t.Errorf("Keycloak was called %d times", n)
	}
	online := offline("s", now())
	online.Offline = false
	w.as(limited, http.MethodPost, "/v1/logout", map[string]any{"refresh_token": token(online)}).want(t, http.StatusOK, "offline", "kept")

	introspect := func(key string) reply {
		return w.ask(http.MethodPost, "/oauth2/introspect", "token="+key, "Content-Type", form, "X-Service-API-Key", limited).want(t, http.StatusOK)
	}
	own := w.create(map[string]any{"name": "p", "org_id": "p"}).text("key")
	for name, key := range map[string]string{"another's": w.mint("a"), "nobody's": w.create(map[string]any{"name": "n"}).text("key"), "made up": apikey.Format(apikey.Entropy{}).Text().Reveal()} {
		if item := w.decideKey(limited, key); item["active"] != false || item["reason"] != "unknown" || item["user_id"] != nil {
			t.Errorf("decide, %s key: %v", name, item)
		}
		if r := introspect(key); r.body["active"] != false || len(r.body) != 1 {
			t.Errorf("introspect, %s key: %s", name, r.raw)
		}
	}
	if item := w.decideKey(limited, own); item["active"] != true || item["user_id"] != "u" {
		t.Errorf("its own: %v", item)
	}
	if r := introspect(own); r.body["active"] != true {
		t.Errorf("its own: %s", r.raw)
	}
}

func (w *world) decideKey(credential, key string) map[string]any {
	w.t.Helper()
	r := w.as(credential, http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"api_key": key}}}).want(w.t, http.StatusOK)
	return r.body["items"].([]any)[0].(map[string]any)
}

// Ensure a key that is bound to no organization may be used for any, and where members are checked
// for its owner's only; and one that is bound for no other.
func TestOrganizationOfAnUnboundKey(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	unbound, bound := w.create(map[string]any{"name": "n"}).text("key"), w.create(map[string]any{"name": "m", "org_id": "o"}).text("key")
	want := func(key, org string, status int) {
		t.Helper()
		headers := []string{"Authorization", "Bearer " + key, "X-Org-Id", org}
		for _, path := range []string{"/api/v1/users/me", "/v1/authorize"} {
			if r := w.ask(http.MethodGet, path, nil, headers...); r.status != status || status == http.StatusForbidden && r.text("reason") != "wrong_organization" {
				t.Errorf("%s for %q: %d %s, want %d", path, org, r.status, r.raw, status)
			}
		}
		if got := int(e.check(headers...).GetDeniedResponse().GetStatus().GetCode()); got != status && (got != 0 || status != http.StatusOK) {
			t.Errorf("ext_authz for %q: %d, want %d", org, got, status)
		}
	}
	want(unbound, "o", http.StatusOK)
	want(unbound, "p", http.StatusOK)
	want(bound, "o", http.StatusOK)
	want(bound, "p", http.StatusForbidden)
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+unbound, "X-Org-Id", "o", "X-Org-Id", "p").want(t, http.StatusForbidden)
	w.server.Gate.CheckMembers = true
	want(unbound, "o", http.StatusForbidden)
	w.backend(http.MethodPut, "/v1/orgs/o/members/u?wait_ms=5000", nil).want(t, http.StatusOK)
	want(unbound, "o", http.StatusOK)
	want(unbound, "p", http.StatusForbidden)
	want(bound, "o", http.StatusOK)
	want(bound, "p", http.StatusForbidden)
	w.me(unbound).want(t, http.StatusOK)
}
