package play

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Keycloak is a realm on the stack's Keycloak.
type Keycloak struct {
	URL, Realm, Secret string // Secret is that of its clients
	Admin              *devstack.Admin
	client             *http.Client
	node               string // host and port that requests are sent to; "" is the URL's
}

// KeycloakOf is the realm of an environment.
func KeycloakOf(e devstack.Env) *Keycloak {
	return keycloakAt(e, "")
}

// Tokens are what a login brings.
type Tokens struct {
	Client  string `json:"-"` // whose they are
	Refresh string `json:"refresh_token"`
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
}

// Claims of a refresh token, read and not verified.
type Claims struct {
	Issuer   string `json:"iss"`
	Session  string `json:"sid"`
	User     string `json:"sub"`
	IssuedAt int64  `json:"iat"`
	Type     string `json:"typ"`
	Party    string `json:"azp"` // client_id of whom it was issued to
}

// Claims reads the refresh token.
func (t Tokens) Claims() (c Claims, err error) {
	parts := strings.Split(t.Refresh, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("a refresh token of %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(raw, &c)
}

func (k *Keycloak) oidc(name string) string {
	return k.URL + "/realms/" + url.PathEscape(k.Realm) + "/protocol/openid-connect/" + name
}

// RefusedError is an answer of the token endpoint other than 200.
type RefusedError struct {
	Status int
	Text   string
}

func (r *RefusedError) Error() string {
	return fmt.Sprintf("keycloak answers %d: %s", r.Status, r.Text)
}

// ask posts a form as a client and decodes the answer.
func (k *Keycloak) ask(ctx context.Context, endpoint, client string, form url.Values) (t Tokens, err error) {
	form.Set("client_id", client)
	form.Set("client_secret", k.Secret)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.oidc(endpoint), strings.NewReader(form.Encode()))
	if err != nil {
		return t, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, raw, err := do(k.client, req)
	if err != nil {
		return t, err
	}
	if status/100 != 2 {
		return t, &RefusedError{status, string(raw)}
	}
	t.Client = client
	if len(raw) == 0 {
		return t, nil
	}
	return t, json.Unmarshal(raw, &t)
}

// Grant logs in with a password and without a browser.
func (k *Keycloak) Grant(ctx context.Context, client, user, scope string) (Tokens, error) {
	return k.ask(ctx, "token", client,
		url.Values{"grant_type": {"password"}, "username": {user}, "password": {Password}, "scope": {"openid " + scope}})
}

// Service logs a client's service account in. Only a client with the attribute client_credentials.use_refresh_token
// gets a refresh token.
func (k *Keycloak) Service(ctx context.Context, client, scope string) (Tokens, error) {
	return k.ask(ctx, "token", client, url.Values{"grant_type": {"client_credentials"}, "scope": {"openid " + scope}})
}

// Refresh is what a backend does with a stored token; a *RefusedError is Keycloak's verdict.
func (k *Keycloak) Refresh(ctx context.Context, t Tokens) (Tokens, error) {
	return k.ask(ctx, "token", t.Client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh}})
}

// Logout ends the session of a refresh token, over the back channel.
func (k *Keycloak) Logout(ctx context.Context, t Tokens) error {
	_, err := k.ask(ctx, "logout", t.Client, url.Values{"refresh_token": {t.Refresh}})
	return err
}

// Revoke revokes one token by RFC 7009.
func (k *Keycloak) Revoke(ctx context.Context, t Tokens) error {
	_, err := k.ask(ctx, "revoke", t.Client, url.Values{"token": {t.Refresh}})
	return err
}

// Password is everybody's.
const Password = "pass-word-1"

// Offline is the scope that makes a refresh token an offline token.
const Offline = "offline_access"

// Call is one call of the administrator, to a path below the realm.
func (k *Keycloak) Call(ctx context.Context, method, path string, body, out any) (id string, err error) {
	s, err := k.Admin.Session(ctx)
	if err != nil {
		return "", err
	}
	return s.Call(ctx, method, "/"+url.PathEscape(k.Realm)+path, body, out)
}

// Account is a user as it is made and imported.
func Account(name string) map[string]any {
	return map[string]any{
		"username": name, "enabled": true, "email": name + "@example.org", "firstName": "First", "lastName": "Last",
		"credentials": []any{map[string]any{"type": "password", "value": Password}},
	}
}

// NewUser makes an account and gives its id.
func (k *Keycloak) NewUser(ctx context.Context, name string) (string, error) {
	return k.Call(ctx, http.MethodPost, "/users", Account(name), nil)
}

// Enable sets whether an account is enabled.
func (k *Keycloak) Enable(ctx context.Context, user string, enabled bool) error {
	_, err := k.Call(ctx, http.MethodPut, "/users/"+user, map[string]any{"enabled": enabled}, nil)
	return err
}

// Import brings an account back under its old id. An import gives no default roles.
func (k *Keycloak) Import(ctx context.Context, name, id string) error {
	account := Account(name)
	account["id"], account["realmRoles"] = id, []string{Offline}
	_, err := k.Call(ctx, http.MethodPost, "/partialImport", map[string]any{"ifResourceExists": "FAIL", "users": []any{account}}, nil)
	return err
}
