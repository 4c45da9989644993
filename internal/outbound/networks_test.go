package outbound

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Ensure a name that resolves to a private, loopback or metadata address is not dialled, unless
// that network is configured; and that the very address which is configured is.
func TestNetworks(t *testing.T) {
	for addr, want := range map[string]bool{
		"93.184.215.14:443": true, "[2606:2800:21f:cb07::1]:443": true,
		"127.0.0.1:80": false, "[::1]:80": false, "169.254.169.254:80": false, "[fe80::1%eth0]:80": false, "[fd00:ec2::254]:80": false,
		"10.1.2.3:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false, "[::]:80": false,
		"[::ffff:127.0.0.1]:80": false, "[64:ff9b::7f00:1]:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "nonsense": false,
	} {
		if err := (networks{own: literal("id.example")}).dial(addr); (err == nil) != want {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for host, addr := range map[string]string{"127.0.0.1": "127.0.0.1:1", "localhost": "[::1]:1", "10.1.2.3": "10.1.2.3:1"} {
		if err := (networks{own: literal(host)}).dial(addr); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if (networks{own: literal("127.0.0.1")}).dial("169.254.169.254:80") == nil {
		t.Error("a configured loopback address opens others")
	}
	if err := (networks{more: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}).dial("10.1.2.3:80"); err != nil {
		t.Error(err)
	}
}

// Ensure it is the dialler that refuses: a name which resolves to loopback is not called.
func TestRebinding(t *testing.T) {
	called := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(s.Close)
	get := func(c *http.Client, url string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	c, err := Client(s.URL, nil, "THE_NETWORKS", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := get(c, s.URL); err != nil || !called {
		t.Fatalf("the configured address: %v", err)
	}
	called = false
	c = client(networks{own: literal("id.example"), setting: "THE_NETWORKS"}, time.Minute) // as if the word were a name
	err = get(c, strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
	if err == nil || called || !strings.Contains(err.Error(), "THE_NETWORKS") {
		t.Fatalf("a name that resolves to loopback: called=%v %v", called, err)
	}
	for _, bad := range []string{"", "ftp://x/", "file:///etc/passwd", "//x", "http://"} {
		if _, err := Client(bad, nil, "", time.Minute); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}

// Ensure a redirect is not followed.
func TestNoRedirect(t *testing.T) {
	elsewhere := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = elsewhere || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	c, err := Client(s.URL, nil, "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil || res.StatusCode != http.StatusTemporaryRedirect || elsewhere {
		t.Fatalf("%v %v, went elsewhere: %v", res, err, elsewhere)
	}
	_ = res.Body.Close()
}
