package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// issuer signs logout tokens for the world, and may be away.
type issuer struct {
	t    testing.TB
	key  *rsa.PrivateKey
	url  string // of its Keycloak
	away atomic.Bool
}

func (w *world) issuer() *issuer {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(w.t, err)
	i := &issuer{t: w.t, key: key}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if i.away.Load() {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"keys": []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	}))
	w.t.Cleanup(s.Close)
	i.url = s.URL
	w.take(realmConfig{Realm: "demo", ClientID: "app", URL: s.URL})
	return i
}

// take lets the server take logout tokens of these realms.
func (w *world) take(all ...realmConfig) {
	w.t.Helper()
	var b backChannel
	senders, err := b.senders(all, w.server.Gate.Realms)
	must(w.t, err)
	w.server.Tokens.LogoutTokens = senders
}

func (i *issuer) token(jti string, change func(map[string]any)) string {
	i.t.Helper()
	claims := map[string]any{
		"iss": "https://id/realms/demo", "aud": "app", "sub": "u", "sid": "s", "jti": jti, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if change != nil {
		change(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"typ": "logout+jwt", "kid": "k"}})
	must(i.t, err)
	payload, err := json.Marshal(claims)
	must(i.t, err)
	jws, err := signer.Sign(payload)
	must(i.t, err)
	text, err := jws.CompactSerialize()
	must(i.t, err)
	return text
}

const formType = "application/x-www-form-urlencoded"

func (w *world) logout(token string) reply {
	w.t.Helper()
	return w.form(url.Values{"logout_token": {token}}.Encode(), formType)
}

func (w *world) form(body, kind string) reply {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/v1/backchannel-logout", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := reply{status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	must(w.t, json.Unmarshal(rec.Body.Bytes(), &out.body))
	if out.header.Get("Cache-Control") != "no-store" {
		w.t.Errorf("Cache-Control: %q", out.header.Get("Cache-Control"))
	}
	return out
}

func (w *world) outbox() (n int) {
	w.t.Helper()
	must(w.t, w.pool.QueryRow(w.t.Context(), "SELECT count(*) FROM tokenstate.outbox").Scan(&n))
	return n
}

// Ensure a logout token raises a doubt and decides nothing: a look has to tell.
func TestLogoutTokenRaisesADoubt(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	w.put(offline("s", now())).want(t, http.StatusCreated)
	id, _ := w.logout(i.token("j1", nil)).want(t, http.StatusOK).body["event_id"].(string)
	w.caughtUp()
	r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u"}}}).want(t, http.StatusOK)
	item := r.body["items"].([]any)[0].(map[string]any)
	if item["state"] != "usable" || item["in_doubt"] != true {
		t.Errorf("after the logout token: %v", item)
	}
	var reached bool
	must(t, w.pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM tokenstate.outbox WHERE id = $1)", id).Scan(&reached))
	if !reached {
		t.Error("200, and nothing is durable")
	}
	due := w.known.Due(tokenstate.Millis(time.Now().UnixMilli()))
	if len(due) == 0 || due[0].Scope.User != "u" && due[len(due)-1].Scope.User != "u" {
		t.Errorf("nobody looks: %v", due)
	}
}

// Ensure a session alone finds its owner, and one that is not known is recorded: a token of it
// may yet come, and is then in doubt.
func TestLogoutTokenBySession(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	w.put(offline("s", now())).want(t, http.StatusCreated)
	bySession := func(session string) func(map[string]any) {
		return func(c map[string]any) { delete(c, "sub"); c["sid"] = session }
	}
	w.logout(i.token("j1", bySession("s"))).want(t, http.StatusOK)
	w.logout(i.token("j2", bySession("later"))).want(t, http.StatusOK)
	w.put(offline("later", now())).want(t, http.StatusCreated)
	r := w.backend(http.MethodGet, "/v1/users/u/offline-tokens", nil).want(t, http.StatusOK)
	for _, one := range r.body["items"].([]any) {
		if token := one.(map[string]any); token["in_doubt"] != true || token["state"] != "usable" {
			t.Errorf("%v", token)
		}
	}
}

// Ensure a token counts once, however often and wherever it is sent.
func TestLogoutTokenReplayed(t *testing.T) {
	w := newWorld(t)
	token := w.issuer().token("j1", nil)
	var taken, refused atomic.Int32
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			switch w.logout(token).status {
			case http.StatusOK:
				taken.Add(1)
			case http.StatusBadRequest:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 || refused.Load() != 9 || w.outbox() != 1 {
		t.Fatalf("%d taken, %d refused, %d orders", taken.Load(), refused.Load(), w.outbox())
	}
	w.logout(token).want(t, http.StatusBadRequest, "error", "invalid_request", "reason", "invalid_logout_token")
}

// Ensure what is no logout token changes nothing, and is not shown; the rules of tokens are
// tested in internal/logouttoken.
func TestLogoutTokenRefused(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	good := i.token("j1", nil)
	form := "logout_token=" + good
	for name, r := range map[string]reply{
		"wrong-aud": w.logout(i.token("j2", func(c map[string]any) { c["aud"] = "x" })), "nonsense": w.logout("x"),
		"two": w.form(form+"&"+form, formType), "none": w.form("x=y", formType), "empty": w.form("logout_token=", formType),
		"JSON": w.form(`{"logout_token":"`+good+`"}`, "application/json"), "no type": w.form(form, ""), "bad escape": w.form(form+"&a=%zz", formType),
		"semicolons": w.form(form+";a=b", formType), "too large": w.form("logout_token="+strings.Repeat("a", 20<<10), formType),
	} {
		r.want(t, http.StatusBadRequest, "error", "invalid_request")
		if strings.Contains(r.raw, good[20:60]) {
			t.Errorf("%s: the token is shown", name)
		}
	}
	w.form("logout_token="+strings.Repeat("a", 64<<10), formType).want(t, http.StatusRequestEntityTooLarge)
	w.me(good).want(t, http.StatusUnauthorized, "reason", "unknown") // as a bearer
	if n := w.outbox(); n != 0 {
		t.Errorf("%d orders", n)
	}
	if strings.Contains(w.log.String(), good[20:60]) {
		t.Error("the log shows the token")
	}
	w.form(form+"&state=ignored", formType+"; charset=utf-8").want(t, http.StatusOK)
}

// Ensure a token that cannot be judged, or recorded, is neither taken nor refused.
func TestLogoutTokenUndecided(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	i.away.Store(true)
	w.logout(i.token("j1", nil)).want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	i = w.issuer()
	w.logout(i.token("j1", nil)).want(t, http.StatusOK)
	_, err := w.pool.Exec(t.Context(), "ALTER TABLE tokenstate.outbox RENAME TO away")
	must(t, err)
	token := i.token("j2", nil)
	if r := w.logout(token).want(t, http.StatusServiceUnavailable, "reason", "store_unavailable"); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	_, err = w.pool.Exec(t.Context(), "ALTER TABLE tokenstate.away RENAME TO outbox")
	must(t, err)
	w.logout(token).want(t, http.StatusOK) // its id was not taken without the order
}

// Ensure with several realms a logout token is judged by the realm that issued it, and reaches
// that realm's user only; one of no realm here is refused.
func TestLogoutTokenOfSeveralRealms(t *testing.T) {
	w := newWorld(t)
	idp, _ := w.otherRealm()
	demo, other := w.issuer(), w.issuer() // the latter's keys are the other realm's
	w.take(realmConfig{Realm: "demo", ClientID: "app", URL: demo.url}, realmConfig{Realm: "other", ClientID: "app", URL: other.url})
	from := func(iss string) func(map[string]any) { return func(c map[string]any) { c["iss"] = iss } }
	ordered := func(r reply) string {
		var raw []byte
		must(t, w.pool.QueryRow(t.Context(), "SELECT raw FROM tokenstate.outbox WHERE id = $1", r.want(t, http.StatusOK).body["event_id"]).Scan(&raw))
		m, err := events.Decode(raw)
		must(t, err)
		return m.Realm
	}
	if realm := ordered(w.logout(demo.token("1", nil))); realm != "demo" {
		t.Errorf("demo's reached %s", realm)
	}
	if realm := ordered(w.logout(other.token("2", from(idp.issuer)))); realm != "other" {
		t.Errorf("the other's reached %s", realm)
	}
	w.logout(demo.token("3", from(idp.issuer))).want(t, http.StatusBadRequest, "reason", "invalid_logout_token")
	w.logout(other.token("4", nil)).want(t, http.StatusBadRequest, "reason", "invalid_logout_token")
	w.logout(demo.token("5", from("https://evil"))).want(t, http.StatusBadRequest, "reason", "invalid_logout_token")
	idp.away = errAway // whose the token is cannot be told
	w.logout(other.token("6", from(idp.issuer))).want(t, http.StatusServiceUnavailable)
	if realm := ordered(w.logout(demo.token("7", nil))); realm != "demo" {
		t.Errorf("demo's reached %s while the other is away", realm)
	}
}

// Ensure a logout token for another client of the realm is taken where a token of that client is kept:
// Keycloak sends each client its own logout token, and does not send a refused one again.
func TestLogoutTokenOfAnotherClient(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	to := func(jti string, aud any, drop string) reply {
		return w.logout(i.token(jti, func(c map[string]any) { c["aud"] = aud; delete(c, drop) }))
	}
	to("j1", "app2", "").want(t, http.StatusBadRequest, "reason", "invalid_logout_token")
	w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": "u", "client_id": "app2", "session_id": "s", "issued_at": now()}).want(t, http.StatusCreated)
	w.caughtUp()
	to("j2", "app2", "").want(t, http.StatusOK)
	to("j3", []string{"x", "app2"}, "sub").want(t, http.StatusOK)
	to("j4", "app2", "sid").want(t, http.StatusOK)
	to("j5", "x", "").want(t, http.StatusBadRequest)
	if n := w.outbox(); n != 3 {
		t.Errorf("%d orders, want one for each token that was taken", n)
	}
}
