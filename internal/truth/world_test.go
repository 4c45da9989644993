package truth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// held is a token that some backend would hold: what we know of it, and the token itself.
type held struct {
	token tokenstate.Token
	text  secret.Text
}

// world is one realm of its own on the real Keycloak.
type world struct {
	t           *testing.T
	base, realm string
	apps        map[string]*keycloak.App
	uuid        map[string]string // client_id → UUID
	admin       string
	adminUntil  time.Time
	users       []string
	held        []held
}

func env(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: this test needs a real Keycloak and NATS (make test starts them)", name)
	}
	return v
}

func newWorld(t *testing.T, users int) *world {
	w := &world{t: t, base: env(t, "KEYCLOAK_URL"), realm: fmt.Sprintf("truth-%d", time.Now().UnixNano()), apps: map[string]*keycloak.App{}, uuid: map[string]string{}}
	var clients []any
	for _, id := range []string{"app", "app2"} {
		clients = append(clients, map[string]any{"clientId": id, "secret": "s", "publicClient": false, "directAccessGrantsEnabled": true})
		app, err := keycloak.NewApp(keycloak.Config{BaseURL: w.base, Realm: w.realm, ClientID: id, ClientSecret: secret.New("s")})
		if err != nil {
			t.Fatal(err)
		}
		w.apps[id] = app
	}
	w.call("POST", "/admin/realms", map[string]any{
		"realm": w.realm, "enabled": true, "eventsEnabled": true,
		"adminEventsEnabled": true, "adminEventsDetailsEnabled": true, "clients": clients,
	})
	t.Cleanup(func() { w.call("DELETE", "/admin/realms/"+w.realm, nil) })
	w.adminUntil = time.Time{} // the rights on the new realm are in a new token only
	for id := range w.apps {
		w.uuid[id] = w.only("/clients?clientId=" + id)
	}
	for n := range users {
		name := fmt.Sprintf("user%d", n)
		w.call("POST", w.path("/users"), map[string]any{
			"username": name, "enabled": true, "email": name + "@example.org", "firstName": "F", "lastName": "L",
			"credentials": []any{map[string]any{"type": "password", "value": "pw"}},
		})
		w.users = append(w.users, w.only("/users?exact=true&username="+name))
	}
	return w
}

func (w *world) path(rest string) string { return "/admin/realms/" + w.realm + rest }

func (w *world) only(path string) string {
	var found []struct{ ID string }
	if err := json.Unmarshal(w.call("GET", w.path(path), nil), &found); err != nil || len(found) != 1 {
		w.t.Fatalf("%s: %d found, %v", path, len(found), err)
	}
	return found[0].ID
}

// login stores a new offline token of user n.
func (w *world) login(n int, client string) {
	w.t.Helper()
	raw, status := w.form("/realms/"+w.realm+"/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {client}, "client_secret": {"s"},
		"username": {fmt.Sprintf("user%d", n)}, "password": {"pw"}, "scope": {"openid offline_access"},
	})
	var out struct {
		RefreshToken string `json:"refresh_token"`
	}
	if status != http.StatusOK {
		return // a disabled user, say
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		w.t.Fatal(err)
	}
	text := secret.New(out.RefreshToken)
	c, err := keycloak.ParseOffline(text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.held = append(w.held, held{text: text, token: tokenstate.Token{
		Realm: w.realm, User: w.users[n], Client: w.uuid[client],
		ClientID: client, Session: c.Session, IssuedAt: tokenstate.Seconds(c.IssuedAt),
	}})
}

func (w *world) call(method, path string, body any) []byte {
	w.t.Helper()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, w.base+path, r)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.adminToken())
	raw, status := w.send(req)
	if status >= 300 && status != http.StatusNotFound {
		w.t.Fatalf("%s %s: %d %s", method, path, status, raw)
	}
	return raw
}

func (w *world) adminToken() string {
	if time.Now().Before(w.adminUntil) {
		return w.admin
	}
	raw, _ := w.form("/realms/master/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"},
		"username": {env(w.t, "KEYCLOAK_ADMIN")}, "password": {env(w.t, "KEYCLOAK_ADMIN_PASSWORD")},
	})
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(raw, &out); err != nil || out.AccessToken == "" {
		w.t.Fatalf("administrator's login failed: %v", err)
	}
	w.admin, w.adminUntil = out.AccessToken, time.Now().Add(30*time.Second)
	return w.admin
}

func (w *world) form(path string, values url.Values) ([]byte, int) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.base+path, bytes.NewBufferString(values.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(req)
}

func (w *world) send(req *http.Request) ([]byte, int) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		w.t.Fatal(err)
	}
	return raw, res.StatusCode
}
