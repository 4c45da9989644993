package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

// otherSettings: an authapi that is served over mutual TLS, lets requests without a key pass, and
// holds keys to memberships; the stack's own does none of it.
func otherSettings(s *system, t *testing.T) {
	dir := t.TempDir()
	serverCert, serverKey, _ := testenv.Certificate(t, dir, "server")
	clientCA, _, client := testenv.Certificate(t, dir, "client")
	_, _, stranger := testenv.Certificate(t, dir, "stranger")
	r := s.serve("AUTHAPI_TLS_CERT="+serverCert, "AUTHAPI_TLS_KEY="+serverKey, "AUTHAPI_TLS_CLIENT_CA="+clientCA,
		"AUTHAPI_NO_KEY=pass", "AUTHAPI_ORG_CHECK=members")
	user, tokens := s.login()
	key := keyOf(s, user, "member")
	over := func(method, path, key string, certs ...tls.Certificate) (string, error) {
		return s.askOverTLS(r, serverCert, method, path, key, certs)
	}
	for name, certs := range map[string][]tls.Certificate{"no certificate": nil, "a stranger's": {stranger}} {
		if said, err := over(http.MethodGet, "/api/service/health", "", certs...); err == nil {
			t.Errorf("%s: answered %s", name, said)
		}
	}
	want := func(what, method, path, key, answer string) {
		t.Helper()
		got := ""
		s.wait(what, func() (bool, string) { // the members of the other replica come a moment later
			var err error
			got, err = over(method, path, key, client)
			return got == answer, fmt.Sprint(got, err)
		})
	}
	want("what has no key passes without an identity", http.MethodGet, "/v1/authorize", "", "200  user=")
	want("an access token is no key", http.MethodGet, "/v1/authorize", tokens.Access, "200  user=")
	want("a key that is none does not", http.MethodGet, "/v1/authorize", key[:len(key)-1], "401 unknown user=")
	want("no member", http.MethodGet, "/v1/authorize", key, "401 not_a_member user=")
	for _, c := range []struct{ method, answer string }{{http.MethodPut, "200  user=" + user}, {http.MethodDelete, "401 not_a_member user="}} {
		a, err := s.backend.Call(t.Context(), c.method, "/v1/orgs/org/members/"+user, "", nil)
		must(t, err)
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d %v", c.method, a.Status, a.Body)
		}
		want("after "+c.method, http.MethodGet, "/v1/authorize", key, c.answer)
	}
	if me, err := s.backend.Me(t.Context(), key); err != nil || me.Status != http.StatusOK {
		t.Errorf("where the caller is trusted: %d %v", me.Status, err)
	}
}

// askOverTLS asks a replica, and gives its status, its reason and the user whom it names.
func (s *system) askOverTLS(r replica, ca, method, path, key string, certs []tls.Certificate) (string, error) {
	s.t.Helper()
	raw, err := os.ReadFile(ca)
	must(s.t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	req, err := http.NewRequestWithContext(s.t.Context(), method, strings.Replace(r.url, "http:", "https:", 1)+path, nil)
	must(s.t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certs}}}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	_ = res.Body.Close()
	return fmt.Sprintf("%d %s user=%s", res.StatusCode, res.Header.Get("X-Auth-Reason"), res.Header.Get("X-Auth-User-Id")), nil
}
