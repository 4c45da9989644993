package logouttoken_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/logouttoken"
)

// unknown wants the answer that nothing could be judged: no *InvalidError, so no word about the token.
func (w *world) unknown(name, token string) {
	w.t.Helper()
	_, err := w.verifier.Verify(w.t.Context(), token)
	if _, ok := errors.AsType[*logouttoken.InvalidError](err); ok || err == nil {
		w.t.Errorf("%s: %v; want it undecided", name, err)
	}
}

func down(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }

// Ensure the last good keys serve on while none can be had, for a day and no longer.
func TestLastGoodKeys(t *testing.T) {
	w := newWorld(t)
	w.takes("first", w.token(w.claims()))
	w.serve = down
	for _, later := range []time.Duration{time.Hour, 23 * time.Hour} {
		began := w.now
		w.now = w.now.Add(later)
		w.takes("after "+later.String(), w.token(w.claims()))
		w.now = began
	}
	w.now = w.now.Add(24*time.Hour + time.Minute)
	w.unknown("after a day", w.token(w.claims()))
	w.serve, w.now = nil, w.now.Add(time.Minute)
	w.takes("back again", w.token(w.claims()))
}

// Ensure a rotated key is found, made-up ones cause no more than one fetch in ten seconds, and a
// key that may be new is not refused meanwhile: whoever makes up a kid every ten seconds would
// have each rotated key's tokens refused for good.
func TestRotationAndKidFlood(t *testing.T) {
	w := newWorld(t)
	w.takes("first", w.token(w.claims()))
	for i := range 50 {
		w.unknown("made up", w.token(w.claims(), func(h map[string]any) { h["kid"] = "x" + strconv.Itoa(i) }))
	}
	if n := w.fetches.Load(); n != 1 {
		t.Errorf("%d fetches at once", n)
	}
	old := w.token(w.claims())
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w.set = []jose.JSONWebKey{{Key: &next.PublicKey, KeyID: "k2", Algorithm: "RS256", Use: "sig"}}
	rotated := func() string {
		return w.signer(jose.RS256, next)(map[string]any{"typ": "logout+jwt", "kid": "k2"}, text(t, w.claims()))
	}
	w.unknown("new key, before it may be looked for", rotated())
	w.now = w.now.Add(11 * time.Second)
	w.takes("new key", rotated())
	w.unknown("old key, while another may be new", old)
	w.now = w.now.Add(11 * time.Second)
	w.refuses("old key", w.token(w.claims()))
	if n := w.fetches.Load(); n != 3 {
		t.Errorf("%d fetches", n)
	}
}

// Ensure many who ask at once cause one fetch.
func TestSingleFlight(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.claims())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { w.takes("together", token) })
	}
	all.Wait()
	if n := w.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// Ensure a document that is not plainly the issuer's keys is no document: the token is not
// judged by it, and a redirect is not followed.
func TestKeysThatAreNone(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("this Go makes no weak keys")
	}
	for name, serve := range map[string]http.HandlerFunc{
		"redirect": func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, elsewhere.URL, http.StatusFound) },
		"down":     down,
		"huge": func(rw http.ResponseWriter, _ *http.Request) {
			for chunk := strings.Repeat(" ", 1<<20); ; {
				if _, err := rw.Write([]byte(chunk)); err != nil {
					return
				}
			}
		},
		"html":  func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>")) },
		"empty": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"keys":[]}`)) },
		"oct": func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"keys":[{"kty":"oct","kid":"k1","k":"AAAA"}]}`))
		},
		"twice": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"keys":[],"keys":[]}`)) },
		"one RSA": func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"keys":[{"kty":"RSA","kid":"k1","n":"AQ","e":"AQ"}]}`))
		},
	} {
		w := newWorld(t)
		w.serve = serve
		w.unknown(name, w.token(w.claims()))
	}
	for name, change := range map[string]func(*world){
		"same kid":       func(w *world) { w.set = append(w.set, w.set[0]) },
		"weak":           func(w *world) { w.set[0].Key = &weak.PublicKey },
		"for encryption": func(w *world) { w.set[0].Use = "enc" },
		"private":        func(w *world) { w.set[0].Key = w.key },
	} {
		w := newWorld(t)
		change(w)
		w.unknown(name, w.token(w.claims()))
	}
	w := newWorld(t)
	w.set[0].Algorithm = "RS512"
	w.refuses("another alg than the key's", w.token(w.claims()))
}
