package logouttoken_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/logouttoken"
)

const issuer = "https://id.example/realms/demo"

// world is an issuer with one key, and a relying party.
type world struct {
	t        testing.TB
	key      *rsa.PrivateKey
	set      []jose.JSONWebKey
	serve    http.HandlerFunc // nil: the set
	fetches  atomic.Int32
	now      time.Time
	verifier *logouttoken.Verifier
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{t: tb, key: key, now: time.Now().Truncate(time.Second)}
	w.set = []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.fetches.Add(1)
		if w.serve != nil {
			w.serve(rw, r)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"keys": w.set})
	}))
	tb.Cleanup(s.Close)
	w.verifier, err = logouttoken.New(logouttoken.Config{
		Issuer: func(context.Context) (string, error) { return issuer, nil }, KeysURL: s.URL,
		Now: func() time.Time { return w.now },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

type claims map[string]any

func (w *world) claims() claims {
	return claims{
		"iss": issuer, "aud": "app", "sub": "u", "sid": "s", "jti": "j", "iat": w.now.Unix(), "exp": w.now.Add(2 * time.Minute).Unix(), "typ": "Logout",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
}

// raw makes a token of a header, a text of claims and a signing function.
func raw(header map[string]any, payload string, sign func(input string) []byte) string {
	head, _ := json.Marshal(header)
	input := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
}

func (w *world) signer(alg jose.SignatureAlgorithm, key any) func(header map[string]any, payload string) string {
	return func(header map[string]any, payload string) string {
		o := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
		for name, value := range header {
			o.ExtraHeaders[jose.HeaderKey(name)] = value
		}
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
		if err != nil {
			w.t.Fatal(err)
		}
		jws, err := s.Sign([]byte(payload))
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := jws.CompactSerialize()
		if err != nil {
			w.t.Fatal(err)
		}
		return text
	}
}

var head = map[string]any{"typ": "logout+jwt", "kid": "k1"}

func (w *world) token(c claims, change ...func(header map[string]any)) string {
	h := maps.Clone(head)
	for _, f := range change {
		f(h)
	}
	payload, _ := json.Marshal(c)
	return w.signer(jose.RS256, w.key)(h, string(payload))
}

func (w *world) refuses(name, token string) {
	w.t.Helper()
	got, err := w.verifier.Verify(w.t.Context(), token)
	bad, ok := errors.AsType[*logouttoken.InvalidError](err)
	switch {
	case !ok:
		w.t.Errorf("%s: %+v, %v; want it invalid", name, got, err)
	case len(token) > 60 && strings.Contains(bad.Reason, token[10:40]):
		w.t.Errorf("%s: the reason repeats the token", name)
	}
}

func (w *world) takes(name, token string) {
	w.t.Helper()
	if got, err := w.verifier.Verify(w.t.Context(), token); err != nil || got.ID != "j" {
		w.t.Errorf("%s: %+v %v", name, got, err)
	}
}

// Ensure good tokens are taken: Keycloak's own shapes, by subject or session alone, several audiences.
func TestGood(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(claims){
		"both": func(claims) {}, "sub only": func(c claims) { delete(c, "sid") }, "sid only": func(c claims) { delete(c, "sub") },
		"audiences": func(c claims) { c["aud"] = []string{"x", "app"} }, "a day old": func(c claims) { c["iat"] = w.now.Add(-23 * time.Hour).Unix() },
		"small skew": func(c claims) { c["iat"] = w.now.Add(30 * time.Second).Unix() },
		"revoke_offline_access": func(c claims) {
			c["events"].(map[string]any)["revoke_offline_access"] = true
		},
	} {
		c := w.claims()
		change(c)
		w.takes(name, w.token(c))
	}
	w.takes("typ with application/", w.token(w.claims(), func(h map[string]any) { h["typ"] = "application/logout+JWT" }))
	if n := w.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// Ensure every rule about claims; the names are those of the OIDF suite's back-channel modules
// where it has one.
func TestClaims(t *testing.T) {
	w := newWorld(t)
	const event = "http://schemas.openid.net/event/backchannel-logout"
	for name, change := range map[string]func(claims){
		"wrong-iss":   func(c claims) { c["iss"] = issuer + "/" },
		"empty-aud":   func(c claims) { c["aud"] = "" },
		"no-event":    func(c claims) { delete(c, "events") },
		"wrong-event": func(c claims) { c["events"] = map[string]any{"http://schemas.openid.net/event/foo": map[string]any{}} },
		"with-nonce":  func(c claims) { c["nonce"] = "n" },
		"null nonce":  func(c claims) { c["nonce"] = nil },
		"Nonce":       func(c claims) { c["Nonce"] = "n" },
		"future iat":  func(c claims) { c["iat"] = w.now.Add(2 * time.Minute).Unix() },
		"old iat":     func(c claims) { c["iat"] = w.now.Add(-25 * time.Hour).Unix() },
		"no iat":      func(c claims) { delete(c, "iat") },
		"iat a text":  func(c claims) { c["iat"] = "now" },
		"no exp":      func(c claims) { delete(c, "exp") },
		"exp passed":  func(c claims) { c["exp"] = w.now.Add(-time.Second).Unix() },
		"no jti":      func(c claims) { delete(c, "jti") },
		"long jti":    func(c claims) { c["jti"] = strings.Repeat("j", 256) },
		"NUL in jti":  func(c claims) { c["jti"] = "j\x00" },
		"no iss":      func(c claims) { delete(c, "iss") },
		"no aud":      func(c claims) { delete(c, "aud") },
		"neither":     func(c claims) { delete(c, "sub"); delete(c, "sid") },
		"sub a list":  func(c claims) { c["sub"] = []string{"u"} },
		"events list": func(c claims) { c["events"] = []string{event} },
		"event true":  func(c claims) { c["events"] = map[string]any{event: true} },
		"event null":  func(c claims) { c["events"] = map[string]any{event: nil} },
		"event full":  func(c claims) { c["events"] = map[string]any{event: map[string]any{"x": 1}} },
		"two events":  func(c claims) { c["events"] = map[string]any{event: map[string]any{}, "y": map[string]any{}} },
		"offline odd": func(c claims) { c["events"] = map[string]any{event: map[string]any{}, "revoke_offline_access": "yes"} },
		"EVENTS":      func(c claims) { c["EVENTS"] = c["events"]; delete(c, "events") },
	} {
		c := w.claims()
		change(c)
		w.refuses(name, w.token(c))
	}
	payload, _ := json.Marshal(w.claims())
	sign := w.signer(jose.RS256, w.key)
	w.refuses("a claim twice", sign(head, `{"aud":"other",`+string(payload[1:])))
	w.refuses("no object", sign(head, `"x"`))
	w.refuses("trailing data", sign(head, string(payload)+"{}"))
}

// Ensure every rule about headers and signatures.
func TestSignatures(t *testing.T) {
	w := newWorld(t)
	body, _ := json.Marshal(w.claims())
	payload := string(body)
	public, _ := json.Marshal(w.set[0])
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	none := func(string) []byte { return nil }
	w.refuses("alg-none", raw(map[string]any{"alg": "none", "typ": "logout+jwt", "kid": "k1"}, payload, none))
	w.refuses("alg None", raw(map[string]any{"alg": "None", "typ": "logout+jwt", "kid": "k1"}, payload, none))
	w.refuses("wrong-alg RS512", w.signer(jose.RS512, w.key)(head, payload))
	w.refuses("wrong-alg ES256", w.signer(jose.ES256, ec)(head, payload))
	w.refuses("RS to HS", w.signer(jose.HS256, public)(head, payload))
	w.refuses("another key", w.signer(jose.RS256, other)(head, payload))
	for _, kid := range []string{"", "k2", "../../etc/passwd", "k1' OR '1'='1", strings.Repeat("k", 300)} {
		w.now = w.now.Add(11 * time.Second) // it may be looked for again
		w.refuses("kid "+kid, w.token(w.claims(), func(h map[string]any) { h["kid"] = kid }))
	}
	for name, value := range map[string]any{
		"jwk": jose.JSONWebKey{Key: &other.PublicKey, KeyID: "k1"}, "jku": "https://evil.example/keys", "x5u": "https://evil.example/c",
		"x5c": []string{"x"}, "crit": []string{"b64"}, "zip": "DEF",
	} {
		w.refuses("embedded "+name, w.signer(jose.RS256, other)(map[string]any{"typ": "logout+jwt", "kid": "k1", name: value}, payload))
	}
	for _, typ := range []string{"", "JWT", "at+jwt", "secevent+jwt"} {
		w.refuses("typ "+typ, w.token(w.claims(), func(h map[string]any) { h["typ"] = typ }))
	}
	good := w.token(w.claims())
	parts := strings.Split(good, ".")
	w.refuses("encrypted", good+".x.y")
	w.refuses("signature left out", parts[0]+"."+parts[1]+".")
	w.refuses("payload changed", parts[0]+"."+base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(payload, `"u"`, `"v"`, 1)))+"."+parts[2])
	w.refuses("JSON form", `{"payload":"`+parts[1]+`","protected":"`+parts[0]+`","signature":"`+parts[2]+`"}`)
	w.refuses("alg twice", raw2(`{"alg":"none","alg":"RS256","typ":"logout+jwt","kid":"k1"}`, parts))
	w.refuses("too large", good+strings.Repeat("A", 16<<10))
	w.refuses("nothing", "")
	idToken := w.claims()
	delete(idToken, "events")
	idToken["nonce"], idToken["typ"] = "n", "ID"
	w.refuses("an ID token", w.token(idToken, func(h map[string]any) { h["typ"] = "JWT" }))
}

func raw2(header string, parts []string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "." + parts[2]
}

func text(tb testing.TB, c claims) string {
	tb.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		tb.Fatal(err)
	}
	return string(payload)
}
