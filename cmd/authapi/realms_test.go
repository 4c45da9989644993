package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// otherRealm is a second realm, whose users, clients and sessions have the same names.
func (w *world) otherRealm() (keycloak *fakeIDP, credential string) {
	w.t.Helper()
	keycloak = newFakeIDP()
	keycloak.issuer = "https://id/realms/other"
	w.server.Gate.Realms["other"] = idp.Realm{ClientID: "app", Keycloak: keycloak, LoginURL: "https://other.example/login"}
	return keycloak, w.credential("other", "other", gate.Scopes(), nil)
}

// as asks with a credential.
func (w *world) as(credential, method, path string, body any) reply {
	w.t.Helper()
	return w.ask(method, path, body, "X-Service-API-Key", credential)
}

// Ensure two realms with the same user, session and client ids have nothing to do with each
// other: not by key, token, credential, look, refresh, disable or revocation.
func TestRealmsAreApart(t *testing.T) {
	w := newWorld(t)
	idp, other := w.otherRealm()
	w.idp.refresh, idp.refresh = granting("of demo"), granting("of other")
	theirs := offline("s", now())
	theirs.Issuer = idp.issuer

	// A token goes to the realm of its issuer only.
	w.put(theirs).want(t, http.StatusUnprocessableEntity, "reason", "foreign_token")
	w.as(other, http.MethodPut, "/v1/offline-tokens", map[string]any{"refresh_token": token(offline("s", now()))}).want(t, http.StatusUnprocessableEntity, "reason", "foreign_token")
	w.backend(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": token(theirs)}).want(t, http.StatusUnprocessableEntity, "reason", "foreign_token")
	w.put(offline("s", now())).want(t, http.StatusCreated)
	w.as(other, http.MethodPost, "/v1/users/u/access-token", map[string]any{}).want(t, http.StatusNotFound)
	w.as(other, http.MethodPut, "/v1/offline-tokens?wait_ms=5000", map[string]any{"refresh_token": token(theirs)}).want(t, http.StatusCreated)
	w.access().want(t, http.StatusOK, "access_token", "of demo")
	w.as(other, http.MethodPost, "/v1/users/u/access-token", map[string]any{}).want(t, http.StatusOK, "access_token", "of other")
	if w.idp.calls() != 1 || idp.calls() != 1 {
		t.Fatalf("%d and %d refreshes", w.idp.calls(), idp.calls())
	}

	// So does a key; the owner is looked at in the key's realm.
	idp.look.Gone = true
	w.as(other, http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "k"}).want(t, http.StatusNotFound, "reason", "no_such_user")
	idp.look.Gone = false
	mine := w.mint("k")
	r := w.as(other, http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "k"}).want(t, http.StatusOK)
	key := r.body["key"].(string)
	if key == mine {
		t.Fatal("one key for two realms")
	}
	if items := w.as(other, http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"api_key": mine}}}); !strings.Contains(items.raw, `"unknown"`) || strings.Contains(items.raw, `"u"`) {
		t.Errorf("another realm's credential is told of a key: %s", items.raw)
	}

	// An identity elsewhere is looked for in the credential's realm; the login is that realm's.
	for realm, user := range map[string]string{"demo": "u", "other": "v"} {
		r := w.server.Gate.Realms[realm]
		r.Federation = &links{users: map[string]string{"42": user}}
		w.server.Gate.Realms[realm] = r
	}
	const linked = "/v1/users?idp=github&idp_user_id=42"
	w.backend(http.MethodGet, linked, nil).want(t, http.StatusOK, "user_id", "u")
	w.as(other, http.MethodGet, linked, nil).want(t, http.StatusOK, "user_id", "v", "reason", "no_offline_token", "login_url", "https://other.example/login")

	// What happens to the user of one realm does not happen to the other's.
	w.backend(http.MethodDelete, "/api/service/users/u/orgs/o/api-keys/k?wait_ms=5000", nil).want(t, http.StatusOK)
	w.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(s *tokenstate.Standing) { s.Disabled = true }))
	w.me(mine).want(t, http.StatusUnauthorized)
	w.me(key).want(t, http.StatusOK)
	w.access().want(t, http.StatusConflict, "login_url", "https://app.example/login")
	w.as(other, http.MethodPost, "/v1/users/u/access-token", map[string]any{}).want(t, http.StatusOK, "source", "cache")
	w.as(other, http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"tokens": true, "reason": "r"}).want(t, http.StatusOK)
	w.as(other, http.MethodPost, "/v1/users/u/access-token", map[string]any{}).want(t, http.StatusConflict, "login_url", "https://other.example/login")
}

// Ensure a credential or key of a realm that is not served opens nothing.
func TestRealmThatIsNotServed(t *testing.T) {
	w := newWorld(t)
	_, other := w.otherRealm()
	key := w.as(other, http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "k"}).want(t, http.StatusOK).body["key"].(string)
	delete(w.server.Gate.Realms, "other")
	w.as(other, http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u"}}}).want(t, http.StatusForbidden, "reason", "wrong_realm")
	at := time.Now()
	w.server.Gate.Now = func() time.Time { return at }
	w.server.Gate.Limits = gate.NewLimits(0, 1, nil)
	for range 20 {
		w.me(key).want(t, http.StatusForbidden, "reason", "wrong_realm")
	}
	w.me(key).want(t, http.StatusTooManyRequests) // it counts as a failure
}

// Ensure with several realms no token is taken on trust while its issuer cannot be found out.
func TestIssuerIsNotKnown(t *testing.T) {
	w := newWorld(t)
	w.otherRealm()
	w.idp.away = errAway
	w.put(offline("s", now())).want(t, http.StatusServiceUnavailable)
}

func realmsFile(t *testing.T, text string) *config {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("shh\n"), 0o600))
	path := filepath.Join(dir, "realms.yaml")
	must(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "SECRET", filepath.Join(dir, "secret"))), 0o600))
	return &config{realmsFile: path}
}

// Ensure the file is read, beside KEYCLOAK_*, and that what is wrong with it is said at once,
// without a value.
func TestRealmsFile(t *testing.T) {
	c := realmsFile(t, `
realms:
  - {realm: a, keycloak_url: "https://id.example", client_id: app, client_secret_file: SECRET, login_url: "https://a.example"}
  - {realm: b, keycloak_url: "https://id.example", keycloak_realm: bee, client_id: web, client_secret_file: SECRET, issuer: "https://b.example"}
`)
	c.realm, c.keycloakURL, c.clientID, c.clientSecret = "demo", "https://id.example", "app", secret.New("s")
	_, got, err := c.realms()
	must(t, err)
	if len(got) != 3 || got["a"].LoginURL != "https://a.example" || got["b"].ClientID != "web" || got["demo"].Keycloak == nil {
		t.Fatalf("%+v", got)
	}
	if issuer, err := got["b"].Keycloak.Issuer(context.Background()); issuer != "https://b.example" || err != nil {
		t.Errorf("%q %v", issuer, err)
	}
	for name, text := range map[string]string{
		"twice":           "realms: [{realm: a, keycloak_url: 'https://x', client_id: c, client_secret_file: SECRET}, {realm: a, keycloak_url: 'https://y', client_id: c, client_secret_file: SECRET}]",
		"of one issuer":   "realms: [{realm: a, keycloak_url: 'https://x', client_id: c, client_secret_file: SECRET}, {realm: b, keycloak_realm: a, keycloak_url: 'https://x/', client_id: c, client_secret_file: SECRET}]",
		"two Keycloaks":   "realms: [{realm: a, keycloak_url: 'https://x', client_id: c, client_secret_file: SECRET}, {realm: b, keycloak_url: 'https://y', client_id: c, client_secret_file: SECRET}]",
		"no secret":       "realms: [{realm: a, keycloak_url: 'https://x', client_id: c}]",
		"no client":       "realms: [{realm: a, keycloak_url: 'https://x', client_secret_file: SECRET}]",
		"no URL":          "realms: [{realm: a, keycloak_url: canary, client_id: c, client_secret_file: SECRET}]",
		"a login script":  "realms: [{realm: a, keycloak_url: 'https://x', client_id: c, client_secret_file: SECRET, login_url: 'javascript:canary'}]",
		"a secret inside": "realms: [{realm: a, keycloak_url: 'https://x', client_id: c, client_secret: canary}]",
		"not YAML":        "canary: [",
		"no name":         "realms: [{keycloak_url: 'https://x', client_id: c, client_secret_file: SECRET}]",
	} {
		if _, _, err := realmsFile(t, text).realms(); !errors.Is(err, settings.ErrConfiguration) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := (&config{}).realms(); err == nil || !strings.Contains(err.Error(), "keycloak url") {
		t.Errorf("nothing is set: %v", err)
	}
	if _, _, err := (&config{realmsFile: "/does/not/exist"}).realms(); !errors.Is(err, settings.ErrConfiguration) {
		t.Errorf("no file: %v", err)
	}
}
