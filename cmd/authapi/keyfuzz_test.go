package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/ops"
)

// Ensure whatever is not the key is 401 unknown, whatever state the key is in, and that a wrong
// checksum costs no look-up.
func TestKeyFuzz(t *testing.T) {
	w := newWorld(t)
	live := w.create(map[string]any{"name": "live"}).text("key")
	revoked := w.create(map[string]any{"name": "revoked"})
	w.backend(http.MethodDelete, userKeys+"/"+revoked.text("id")+"?wait_ms=5000", nil).want(t, http.StatusOK)
	before := w.lookups.Load()
	for _, key := range []string{live, revoked.text("key")} {
		for name, text := range distorted(key) {
			for _, header := range []string{"Authorization", "X-Session-API-Key", "X-Access-Token"} {
				if header == "Authorization" && name == "space" {
					continue // spaces after the scheme are no part of the key
				}
				if header == "Authorization" {
					text = "Bearer " + text
				}
				r := w.ask(http.MethodGet, "/api/v1/users/me", nil, header, text)
				if r.status != http.StatusUnauthorized || r.text("reason") != "unknown" || strings.Contains(r.raw, key[17:40]) {
					t.Errorf("%s in %s: %d %s", name, header, r.status, r.raw)
				}
			}
		}
	}
	if n := w.lookups.Load() - before; n != 0 {
		t.Errorf("%d look-ups for keys that cannot be", n)
	}
	w.me(live).want(t, http.StatusOK)
	w.ask(http.MethodGet, "/api/v1/users/me?key="+live+"&access_token="+live, nil).want(t, http.StatusUnauthorized, "reason", "unknown")
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Cookie", "api_key="+live).want(t, http.StatusUnauthorized, "reason", "unknown")
}

// distorted are texts that are nearly the key.
func distorted(key string) map[string]string {
	out := map[string]string{
		"cut": key[:len(key)-1], "longer": key + "0", "upper": strings.ToUpper(key), "lower": strings.ToLower(key),
		"NUL": key + "\x00", "NUL within": key[:20] + "\x00" + key[21:], "space": " " + key, "trailing space": key + " ", "quoted": `"` + key + `"`,
		"Cyrillic o": strings.Replace(key, "o", "\u043e", 1), "full width": "\uff54" + key[1:], "zero width": key[:10] + "\u200b" + key[10:], "BOM": "\ufeff" + key,
		"comma": key + "," + key, "twice": key + key, "percent": "%74" + key[1:], "other prefix": "toksu_" + key[6:], "no prefix": key[6:],
	}
	for i := 6; i < len(key); i += 7 {
		b := []byte(key)
		b[i] = map[bool]byte{true: '1', false: '0'}[b[i] == '0']
		out[fmt.Sprint("character ", i)] = string(b)
	}
	return out
}

// Ensure of a key of a realm that is not served its holder hears no more than that, alive or
// dead, and that whoever lacks the secret hears nothing.
func TestKeyOfAnotherRealm(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET realm = 'other'")
	must(t, err)
	r := w.replica()
	r.me(key).want(t, http.StatusForbidden, "reason", "wrong_realm")
	if r.introspect("token=" + key).body["active"] != false {
		t.Error("introspected across realms")
	}
	_, err = w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET revoked_at = now()")
	must(t, err)
	r = w.replica()
	r.me(key).want(t, http.StatusForbidden, "reason", "wrong_realm")
	_, err = w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET digest = sha256('another secret')") // as for who only knows the id
	must(t, err)
	r = w.replica()
	r.me(key).want(t, http.StatusUnauthorized, "reason", "unknown")
}

// Ensure a header of a hundred kilobytes is refused by the server before anybody reads it.
func TestHugeHeader(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewUnstartedServer(w.handler)
	srv.Config.MaxHeaderBytes = ops.MaxHeader // as ops.Serve has it
	srv.Start()
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, _ = fmt.Fprintf(conn, "GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nX-Access-Token: %s\r\n\r\n", strings.Repeat("x", 100<<10))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", res.StatusCode)
	}
}

// Ensure without the database known keys are decided with their reasons, and unknown ones are not
// called unknown.
func TestKeysWithoutDatabase(t *testing.T) {
	w := newWorld(t)
	live := w.create(map[string]any{"name": "live"}).text("key")
	soon := w.create(map[string]any{"name": "soon", "expires_at": time.Now().Add(time.Hour)}).text("key")
	dead := w.create(map[string]any{"name": "dead"})
	w.backend(http.MethodDelete, userKeys+"/"+dead.text("id")+"?wait_ms=5000", nil).want(t, http.StatusOK)
	w.stop()
	w.pool.Close()
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(2 * time.Hour) }
	w.me(live).want(t, http.StatusOK)
	w.me(soon).want(t, http.StatusUnauthorized, "reason", "expired")
	w.me(dead.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
	w.me(live[:17]+dead.text("key")[17:]).want(t, http.StatusUnauthorized, "reason", "unknown")
	w.me(apikey.Format(apikey.Entropy{}).Text().Reveal()).want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	w.create(map[string]any{"name": "n"}).want(t, http.StatusServiceUnavailable, "reason", "store_unavailable")
	w.backend(http.MethodDelete, userKeys+"/"+dead.text("id"), nil).want(t, http.StatusServiceUnavailable)
	w.server.Flush(t.Context()) // uses are lost, and nothing else happens
	w.me(live).want(t, http.StatusOK)
}
