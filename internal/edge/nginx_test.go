//go:build edge

package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// nginx runs examples/nginx/nginx.conf in a real nginx, with other addresses.
func (s *system) nginx(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(r.Header)
	}))
	t.Cleanup(app.Close)
	at, err := devstack.FreeAddr()
	must(t, err)
	startNginx(t, s.root, at, s.stack.Env.AuthapiURL, app.URL)

	ask := func(path string, headers ...string) (int, http.Header, http.Header) {
		t.Helper()
		return get(t, "http://"+at+path, headers...)
	}
	key := []string{"Authorization", "Bearer " + s.key}
	status, _, seen := ask("/", append(key, "X-Auth-User-Id", "root", "X-Auth-User-Id", "admin", "X-Offline-Token-State", "usable", "X-Session-API-Key", "app's own")...)
	if status != http.StatusOK || seen.Get("X-Auth-User-Id") != s.user || len(seen["X-Auth-User-Id"]) != 1 || seen.Get("X-Auth-Key-Kind") != "system" {
		t.Errorf("%d, and the application sees %v", status, seen)
	}
	if seen.Get("X-Offline-Token-State") != "unknown" || seen.Get("Authorization") != "" || seen.Get("X-Session-Api-Key") != "app's own" {
		t.Errorf("the application sees %v", seen)
	}
	if status, _, seen = ask("/", "X-Session-API-Key", s.key); status != http.StatusOK || seen.Get("X-Session-Api-Key") != "" {
		t.Errorf("by another header: %d %v", status, seen)
	}
	if status, _, _ = ask("/broken", key...); status != http.StatusInternalServerError {
		t.Errorf("the application's own 500 became %d", status)
	}
	status, answer, said := ask("/", "Authorization", "Bearer "+s.key[:len(s.key)-1])
	if status != http.StatusUnauthorized || !strings.Contains(answer.Get("WWW-Authenticate"), "invalid_token") || !reasonIs(answer, said, "unknown") {
		t.Errorf("a bad key: %d %v %v", status, answer, said)
	}
	status, answer, said = ask("/", append(key, "X-Org-Id", "another")...)
	if status != http.StatusForbidden || !reasonIs(answer, said, "wrong_organization") {
		t.Errorf("another organization: %d %v %v", status, answer, said)
	}
	if status, _, _ = ask("/_authorize", key...); status != http.StatusNotFound {
		t.Errorf("the check itself is reachable: %d", status)
	}
	status, answer, said = ask("/", append(key, "Tokenstate-Min-Version", "999999999")...)
	if status != http.StatusServiceUnavailable || answer.Get("Retry-After") == "" || !reasonIs(answer, said, "version_not_reached") {
		t.Errorf("authapi's 503 became %d %v %v", status, answer, said)
	}
	must(t, s.stack.Kill("authapi", syscall.SIGKILL))
	status, answer, said = ask("/", key...)
	if status != http.StatusServiceUnavailable || answer.Get("Retry-After") == "" || !reasonIs(answer, said, "undecidable") {
		t.Errorf("without authapi: %d %v %v", status, answer, said)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, s.stack.Restart(ctx, "authapi"))
	if status, _, _ = ask("/", key...); status != http.StatusOK {
		t.Errorf("with authapi again: %d", status)
	}
}

// Ensure authapi hears the caller's address from nginx, and nothing that the caller says of it; and
// that an identity which the caller sent does not reach the application.
func TestNginxTellsTheCallersAddress(t *testing.T) {
	asked := make(chan http.Header, 1)
	authapi := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header }))
	t.Cleanup(authapi.Close)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(r.Header) }))
	t.Cleanup(app.Close)
	root, err := filepath.Abs("../..")
	must(t, err)
	at, err := devstack.FreeAddr()
	must(t, err)
	startNginx(t, root, at, authapi.URL, app.URL)
	status, _, seen := get(t, "http://"+at+"/", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "7.7.7.7", "X-Auth-Realm", "master")
	if got := (<-asked)["X-Forwarded-For"]; status != http.StatusOK || !slices.Equal(got, []string{"127.0.0.1"}) {
		t.Errorf("%d, and authapi hears %v", status, got)
	}
	if got := seen["X-Auth-Realm"]; len(got) > 0 {
		t.Errorf("the application sees the realm %v", got)
	}
}

func startNginx(t *testing.T, root, at, authapi, app string) {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatal("nginx is not installed: apt-get install nginx-light")
	}
	dir := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(root, "examples", "nginx", "nginx.conf"))
	must(t, err)
	conf := string(raw)
	for _, change := range [][2]string{
		{"server 127.0.0.1:8080;", "server " + strings.TrimPrefix(authapi, "http://") + ";"},
		{"server 127.0.0.1:3000;", "server " + strings.TrimPrefix(app, "http://") + ";"},
		{"listen 127.0.0.1:8000;", "listen " + at + ";"},
		{"http {", "http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;"},
	} {
		if !strings.Contains(conf, change[0]) {
			t.Fatalf("examples/nginx/nginx.conf lacks %q", change[0])
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(conf), 0o600))
	cmd := exec.Command(binary, "-p", dir, "-c", file, "-e", "stderr", "-g", "daemon off; master_process off; pid nginx.pid; error_log stderr;")
	var says strings.Builder
	cmd.Stderr = &says
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(says.String())
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if res, err := http.Get("http://" + at + "/_authorize"); err == nil {
			_ = res.Body.Close()
			return
		}
		<-tick.C
	}
	t.Fatal("nginx does not answer")
}

// reasonIs: header and problem say the same.
func reasonIs(answer, problem http.Header, want string) bool {
	return answer.Get("X-Auth-Reason") == want && problem.Get("reason") == want && problem.Get("error") == want
}

// get gives the status, the answer's headers, and those that the application saw, or of a refusal
// the texts of its problem.
func get(t *testing.T, url string, headers ...string) (int, http.Header, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	seen := http.Header{}
	if res.StatusCode == http.StatusOK {
		must(t, json.Unmarshal(raw, &seen))
	}
	var problem map[string]any
	if res.Header.Get("Content-Type") == "application/problem+json" {
		must(t, json.Unmarshal(raw, &problem))
	}
	for name, v := range problem {
		seen.Set(name, fmt.Sprint(v))
	}
	return res.StatusCode, res.Header, seen
}
