package keycloak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// A secret with everything that escaping gets wrong.
const appSecret = `p+l%41us s:é&=/`

// bench is one realm of its own on a real Keycloak, with client app, the
// worker's client in master, and raw access as the server's administrator.
type bench struct {
	t           *testing.T
	base, realm string
	adminToken  string
	app         *keycloak.App
	admin       *keycloak.Admin
	adminMade   time.Time // it logged in later
	appUUID     string
	workerID    string
}

func env(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: these tests need a real Keycloak (make test starts one)", name)
	}
	return v
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, base: env(t, "KEYCLOAK_URL"), realm: fmt.Sprintf("adapter-%d", time.Now().UnixNano())}
	b.login()
	b.must("POST", "/admin/realms", map[string]any{
		"realm": b.realm, "enabled": true,
		"eventsEnabled": true, "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
		"clients": []any{
			map[string]any{
				"clientId": "app", "secret": appSecret, "publicClient": false, "serviceAccountsEnabled": true,
				"directAccessGrantsEnabled": true, "redirectUris": []string{"http://127.0.0.1/*"},
			},
			map[string]any{"clientId": "app2", "secret": "s2", "publicClient": false, "directAccessGrantsEnabled": true},
		},
		"users": []any{map[string]any{
			"username": "service-account-app", "enabled": true, "serviceAccountClientId": "app",
			"clientRoles": map[string]any{"realm-management": []string{"view-users"}},
		}},
	})
	t.Cleanup(func() { b.request("DELETE", "/admin/realms/"+b.realm, nil) })
	b.login() // the rights on the new realm are in a new token only
	b.appUUID = b.clientUUID(b.realm, "app")
	b.makeWorker("view-users", "view-clients", "view-realm", "view-events")
	b.app = b.newApp("app", appSecret)
	return b
}

func (b *bench) newApp(id, sec string) *keycloak.App {
	b.t.Helper()
	app, err := keycloak.NewApp(keycloak.Config{BaseURL: b.base, Realm: b.realm, ClientID: id, ClientSecret: secret.New(sec)})
	if err != nil {
		b.t.Fatal(err)
	}
	return app
}

// makeWorker makes a client in master with these roles on our realm.
func (b *bench) makeWorker(roles ...string) {
	b.t.Helper()
	b.workerID = "worker-" + b.realm + fmt.Sprint(time.Now().UnixNano())
	b.must("POST", "/admin/realms/master/clients", map[string]any{
		"clientId": b.workerID, "secret": "w", "publicClient": false, "serviceAccountsEnabled": true,
	})
	uuid := b.clientUUID("master", b.workerID)
	b.t.Cleanup(func() { b.login(); b.request("DELETE", "/admin/realms/master/clients/"+uuid, nil) })
	var user struct{ ID string }
	b.read("/admin/realms/master/clients/"+uuid+"/service-account-user", &user)
	rights := b.clientUUID("master", b.realm+"-realm")
	var all, give []map[string]any
	b.read("/admin/realms/master/clients/"+rights+"/roles", &all)
	for _, r := range all {
		for _, want := range roles {
			if r["name"] == want {
				give = append(give, r)
			}
		}
	}
	b.must("POST", "/admin/realms/master/users/"+user.ID+"/role-mappings/clients/"+rights, give)
	b.adminMade = time.Now()
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: b.base, ClientID: b.workerID, ClientSecret: secret.New("w")})
	if err != nil {
		b.t.Fatal(err)
	}
	b.admin = admin
}

func (b *bench) login() {
	b.t.Helper()
	status, body := b.form("/realms/master/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"},
		"username": {env(b.t, "KEYCLOAK_ADMIN")}, "password": {env(b.t, "KEYCLOAK_ADMIN_PASSWORD")},
	})
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &out); err != nil || out.AccessToken == "" {
		b.t.Fatalf("administrator's login: status %d, %v", status, err)
	}
	b.adminToken = out.AccessToken
}

// user makes a user with a password and gives the id.
func (b *bench) user(name string) string {
	b.t.Helper()
	b.must("POST", b.path("/users"), map[string]any{
		"username": name, "enabled": true, "email": name + "@example.org", "firstName": "F", "lastName": "L",
		"credentials": []any{map[string]any{"type": "password", "value": "pw"}},
	})
	var users []struct{ ID string }
	b.read(b.path("/users?exact=true&username="+name), &users)
	if len(users) != 1 {
		b.t.Fatalf("%d users called %s", len(users), name)
	}
	return users[0].ID
}

// offline logs the user in by password and gives the offline token.
func (b *bench) offline(name string) secret.Text { return b.grant(name, "openid offline_access") }

func (b *bench) grant(name, scope string) secret.Text {
	b.t.Helper()
	status, body := b.form("/realms/"+b.realm+"/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {appSecret},
		"username": {name}, "password": {"pw"}, "scope": {scope},
	})
	var out struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &out); err != nil || out.RefreshToken == "" {
		b.t.Fatalf("login of %s: status %d, %s", name, status, body)
	}
	return secret.New(out.RefreshToken)
}

func (b *bench) path(rest string) string { return "/admin/realms/" + b.realm + rest }

func (b *bench) clientUUID(realm, id string) string {
	b.t.Helper()
	var cs []struct{ ID string }
	b.read("/admin/realms/"+realm+"/clients?clientId="+id, &cs)
	if len(cs) != 1 {
		b.t.Fatalf("%d clients called %s in %s", len(cs), id, realm)
	}
	return cs[0].ID
}

func (b *bench) read(path string, out any) {
	b.t.Helper()
	if err := json.Unmarshal(b.must("GET", path, nil), out); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) must(method, path string, body any) []byte {
	b.t.Helper()
	status, out := b.request(method, path, body)
	if status >= 300 {
		b.t.Fatalf("%s %s: status %d, %s", method, path, status, out)
	}
	return out
}

func (b *bench) request(method, path string, body any) (int, []byte) {
	var r io.Reader
	if body != nil {
		enc, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		r = bytes.NewReader(enc)
	}
	req, err := http.NewRequest(method, b.base+path, r)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+b.adminToken)
	return b.send(req)
}

func (b *bench) form(path string, v url.Values) (int, []byte) {
	req, err := http.NewRequest("POST", b.base+path, strings.NewReader(v.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

func (b *bench) send(req *http.Request) (int, []byte) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, out
}
