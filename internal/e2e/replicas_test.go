package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// counting is Keycloak behind a proxy that counts refreshes.
type counting struct {
	url       string
	refreshes atomic.Int64
}

func (s *system) counting() *counting {
	s.t.Helper()
	target, err := url.Parse(s.keycloak.URL)
	must(s.t, err)
	c := &counting{}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = target.Host }, // the issuer stays what it is
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Reading the form would take the body away: only these have such a long one.
		if r.Method == http.MethodPost && filepath.Base(r.URL.Path) == "token" && r.ContentLength > 300 {
			c.refreshes.Add(1)
		}
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(func() { server.Close(); transport.CloseIdleConnections() })
	c.url = server.URL
	return c
}

// replica is another authapi beside the stack's.
type replica struct {
	*play.Backend
	url, admin string
	stop       func()
}

// replica starts another authapi, and gives a backend of it.
func (s *system) replica(env ...string) *play.Backend {
	s.t.Helper()
	return s.serve(env...).Backend
}

// serve starts another authapi, with these settings beside the stack's, and waits until it is
// ready. The test's end stops it, if nobody did before.
func (s *system) serve(env ...string) replica {
	s.t.Helper()
	addr, err := devstack.FreeAddr()
	must(s.t, err)
	admin, err := devstack.FreeAddr()
	must(s.t, err)
	cmd := exec.Command(filepath.Join(s.root, ".dev", "bin", "authapi"), "serve")
	cmd.Env = append(append(s.stack.Env.Pairs(), "NATS_URL=", "AUTHAPI_ADDR="+addr, "AUTHAPI_ADMIN_ADDR="+admin, "AUTHAPI_EXTAUTHZ_ADDR="), env...)
	log, err := os.OpenFile(filepath.Join(s.logDir, "replica.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(s.t, err)
	cmd.Stderr, cmd.Stdout = log, log
	must(s.t, cmd.Start())
	e := s.stack.Env
	e.AuthapiURL = "http://" + addr
	r := replica{play.BackendOf(e), e.AuthapiURL, "http://" + admin, sync.OnceFunc(func() {
		must(s.t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("a replica did not stop in good order: %v", err)
		}
		_ = log.Close()
	})}
	s.t.Cleanup(r.stop)
	s.wait("a replica", func() (bool, string) {
		text, err := s.get(r.admin + "/readyz")
		return err == nil && text != "" && !strings.Contains(text, `"ready":false`), text
	})
	return r
}

// almostOver is a user of whom both replicas have one access token, by one refresh, of which less than 10 s are left: then it
// is not shared any more. On a busy machine the second replica may ask that late, so they try again with one that lives longer.
func (s *system) almostOver(c *counting, replicas []*play.Backend, realm func(map[string]any)) (user string) {
	s.t.Helper()
	const shared = 10 * time.Second
	for spare := 2 * time.Second; spare < time.Minute; spare *= 3 {
		realm(map[string]any{"accessTokenLifespan": (shared + spare).Seconds()})
		user, _ = s.login()
		for _, b := range replicas {
			s.untilOf(b, user, "usable")
		}
		c.refreshes.Store(0)
		began := time.Now()
		for _, b := range replicas {
			a, err := b.Access(s.t.Context(), user)
			must(s.t, err)
			if a.Status != http.StatusOK {
				s.t.Fatalf("%d %v", a.Status, a.Body)
			}
		}
		took := time.Since(began)
		realm(map[string]any{"accessTokenLifespan": 300})
		if n := c.refreshes.Load(); n == 1 {
			play.Pause(s.t.Context(), spare+time.Second)
			return user
		} else if took < spare-time.Second { // Keycloak counts in whole seconds
			s.t.Fatalf("the first access token took %d refreshes", n)
		}
	}
	s.t.Fatal("two calls take longer than a minute")
	return ""
}

// callersAtOnce is E2E_CALLERS, or as many as a busy machine answers within their own patience too.
func callersAtOnce() int {
	if n, err := strconv.Atoi(os.Getenv("E2E_CALLERS")); err == nil {
		return n
	}
	return 500
}

// manyCallers ask two replicas at once for an access token that has expired: Keycloak refreshes
// once, with rotation on, so that a second refresh of the same token would end the session.
func manyCallers(s *system, t *testing.T) {
	callers := callersAtOnce()
	realm := func(change map[string]any) {
		_, err := s.keycloak.Call(t.Context(), http.MethodPut, "", change, nil)
		must(t, err)
	}
	realm(map[string]any{"revokeRefreshToken": true, "refreshTokenMaxReuse": 0})
	defer realm(map[string]any{"accessTokenLifespan": 300, "revokeRefreshToken": false})
	c := s.counting()
	replicas := []*play.Backend{s.replica("KEYCLOAK_URL=" + c.url), s.replica("KEYCLOAK_URL=" + c.url)}
	user := s.almostOver(c, replicas, realm)
	for _, b := range replicas { // of a token in doubt nobody may share an access token
		s.untilOf(b, user, "usable")
	}
	began := time.Now()
	var wg sync.WaitGroup
	var ok, fresh atomic.Int64
	texts := sync.Map{}
	start := make(chan struct{})
	for n := range callers {
		wg.Go(func() {
			<-start
			a, err := replicas[n%2].Access(t.Context(), user)
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("caller %d: %d %v %v", n, a.Status, a.Text("reason"), err)
				return
			}
			ok.Add(1)
			texts.Store(a.Text("access_token"), true)
			if a.Text("source") == "refresh" {
				fresh.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	distinct := 0
	texts.Range(func(any, any) bool { distinct++; return true })
	t.Logf("%d callers at once, 2 replicas: %d answered, %d of them by the refresh itself, %d access token, %d refresh at Keycloak, %s",
		callers, ok.Load(), fresh.Load(), distinct, c.refreshes.Load()-1, time.Since(began).Round(time.Millisecond))
	if n := c.refreshes.Load() - 1; n != 1 || distinct != 1 || int(ok.Load()) != callers {
		t.Fatalf("%d refreshes, %d access tokens, %d answers", n, distinct, ok.Load())
	}
	// The session lives: the next refresh, of the rotated token, works.
	a, err := replicas[0].Call(t.Context(), http.MethodPost, "/v1/users/"+user+"/access-token", "", map[string]any{"min_valid_s": 600})
	must(t, err)
	if a.Status != http.StatusOK || a.Text("source") != "refresh" {
		t.Fatalf("the next refresh: %d %v", a.Status, a.Body)
	}
}
