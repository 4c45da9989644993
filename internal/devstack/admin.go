package devstack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// adminLimit is for one call: a realm is made in a second, and on a machine that has much else to do in a minute.
const adminLimit = 5 * time.Minute

// httpClient keeps no connection: calls are rare, and tests look for goroutines left behind.
var httpClient = &http.Client{Timeout: adminLimit, Transport: &http.Transport{DisableKeepAlives: true}}

// Admin is the administrator of a Keycloak's master realm. It makes what demo and tests need;
// what the programs ask of Keycloak is internal/keycloak's.
type Admin struct {
	base, user, password   string
	appSecret              string
	workerID, workerSecret string
}

// AdminOf takes address, credentials and the clients' secrets from a stack's environment.
func AdminOf(e Env) *Admin {
	return &Admin{
		base: e.KeycloakURL, user: e.KeycloakAdmin, password: e.KeycloakAdminPassword, appSecret: e.KeycloakClientSecret,
		workerID: e.WorkerClientID, workerSecret: e.WorkerClientSecret,
	}
}

// Session logs the administrator in. The token lives a minute, and knows only the realms that
// existed by then.
func (a *Admin) Session(ctx context.Context) (*AdminSession, error) {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {a.user}, "password": {a.password}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/realms/master/protocol/openid-connect/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if _, err := send(httpClient, req, &out); err != nil {
		return nil, fmt.Errorf("log in to keycloak as its administrator: %w", err)
	}
	return &AdminSession{base: a.base + "/admin/realms", token: out.AccessToken, client: httpClient}, nil
}

// AdminSession calls Keycloak's admin REST API.
type AdminSession struct {
	base, token string
	client      *http.Client
}

// Within is the same session for calls that may take so long.
func (s *AdminSession) Within(limit time.Duration) *AdminSession {
	return &AdminSession{base: s.base, token: s.token, client: &http.Client{Timeout: limit, Transport: httpClient.Transport}}
}

// StatusError is an answer of Keycloak other than 2xx.
type StatusError struct {
	Code int
	What string // method, path and the beginning of Keycloak's explanation
}

func (e *StatusError) Error() string { return fmt.Sprintf("keycloak answers %d to %s", e.Code, e.What) }

// Call sends body (nil for none) as JSON to a path below /admin/realms, such as
// "/demo/users?max=2", and decodes the answer into out (nil for none). It returns the id of
// what was created, from the Location header. An answer other than 2xx is a *StatusError.
func (s *AdminSession) Call(ctx context.Context, method, path string, body, out any) (string, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, content)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	return send(s.client, req, out)
}

// Version is Keycloak's.
func (s *AdminSession) Version(ctx context.Context) (string, error) {
	var info struct {
		System struct{ Version string } `json:"systemInfo"`
	}
	above := &AdminSession{base: strings.TrimSuffix(s.base, "/realms"), token: s.token, client: s.client}
	_, err := above.Call(ctx, http.MethodGet, "/serverinfo", nil, &info)
	return info.System.Version, err
}

func send(client *http.Client, req *http.Request, out any) (string, error) {
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return "", err
	}
	if res.StatusCode/100 != 2 {
		return "", &StatusError{res.StatusCode, fmt.Sprintf("%s %s: %.300s", req.Method, req.URL.Path, raw)}
	}
	location := res.Header.Get("Location")
	if out == nil {
		return location[strings.LastIndexByte(location, '/')+1:], nil
	}
	return "", json.Unmarshal(raw, out)
}
