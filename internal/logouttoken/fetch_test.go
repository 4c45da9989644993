package logouttoken

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Ensure keys are fetched from where the configuration says, and that whoever is told of a network which is not allowed is
// told the setting, too.
func TestPlace(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("keys")) }))
	t.Cleanup(s.Close)
	p, err := newPlace(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := p.fetch(t.Context()); err != nil || string(raw) != "keys" {
		t.Fatalf("%q %v", raw, err)
	}
	p.url = strings.Replace(s.URL, "127.0.0.1", "127.0.0.2", 1)
	if _, err := p.fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "AUTHAPI_KEYCLOAK_NETWORKS") {
		t.Fatalf("another address: %v", err)
	}
	for _, bad := range []string{"", "ftp://x/", "http://"} {
		if _, err := newPlace(bad, nil); err == nil {
			t.Errorf("%q is taken for an address of keys", bad)
		}
	}
}
