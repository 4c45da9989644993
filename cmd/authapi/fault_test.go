package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// saying is a token endpoint that answers one thing.
func saying(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// of makes the realm's Keycloak a real client of the handler.
func (w *world) of(h http.Handler, tls bool) {
	w.t.Helper()
	server := httptest.NewUnstartedServer(h)
	if tls {
		server.StartTLS() // under an authority that nobody trusts
	} else {
		server.Start()
	}
	w.t.Cleanup(server.Close)
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	app, err := keycloak.NewApp(keycloak.Config{
		BaseURL: server.URL, Realm: "demo", ClientID: "app", ClientSecret: secret.New("s"), Timeout: 300 * time.Millisecond, Transport: transport,
	})
	must(w.t, err)
	w.server.Gate.Realms["demo"] = idp.Realm{ClientID: "app", Keycloak: adapters.Provider{App: app, KnownAs: "https://id/realms/demo"}}
}

// stored puts an offline token of a user there, as Keycloak would have made it.
func (w *world) stored(user string) tokenstate.Token {
	w.t.Helper()
	t := tokenstate.Token{Realm: "demo", User: user, ClientID: "app", Session: "session-of-" + user, IssuedAt: now()}
	claims, err := json.Marshal(map[string]any{"sub": user, "sid": t.Session, "azp": "app", "iat": t.IssuedAt, "typ": "Offline"})
	must(w.t, err)
	_, version, err := w.server.Tokens.Store.Put(w.t.Context(), tokens.Given{
		Token: t, Text: secret.New("e30." + base64.RawURLEncoding.EncodeToString(claims) + ".x"), Verified: true,
	})
	must(w.t, err)
	must(w.t, w.known.WaitVersion(w.t.Context(), version))
	return t
}

// Ensure whatever else than a word about the token comes back from a refresh, nobody is marked
// and the state is unchanged; the caller is told to come back.
func TestFaultsMarkNobody(t *testing.T) {
	w := newWorld(t)
	refusal := func(code string) string { return fmt.Sprintf(`{"error":%q,"error_description":"canary"}`, code) }
	for name, c := range map[string]struct {
		h      http.Handler
		tls    bool
		reason string // "" for what a Keycloak that is away gets
	}{
		"500":                {h: saying(500, "application/json", refusal("invalid_grant"))},
		"502 of a proxy":     {h: saying(502, "text/html", "<html>invalid_grant</html>")},
		"400 of a proxy":     {h: saying(400, "text/html", "<html>invalid_grant</html>")},
		"429":                {h: saying(429, "application/json", refusal("invalid_grant"), "Retry-After", "9")},
		"redirect":           {h: saying(302, "text/html", "", "Location", "http://127.0.0.1:1/")},
		"invalid_client":     {h: saying(401, "application/json", refusal("invalid_client")), reason: "invalid_client"},
		"not authorized":     {h: saying(400, "application/json", refusal("unauthorized_client")), reason: "unauthorized_client"},
		"truncated refusal":  {h: saying(400, "application/json", `{"error":"invalid_grant"`)},
		"truncated success":  {h: saying(200, "application/json", `{"access_token":"a"`)},
		"success of nothing": {h: saying(200, "application/json", `{}`)},
		"not TLS we trust":   {h: saying(400, "application/json", refusal("invalid_grant")), tls: true},
		"slow": {h: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // until then the end of the connection goes unseen
			<-r.Context().Done()
		})},
		"drop by drop": {h: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			w.of(c.h, c.tls)
			user := strings.ReplaceAll(name, " ", "-")
			token := w.stored(user)
			r := w.backend(http.MethodPost, "/v1/users/"+user+"/access-token", map[string]any{}).want(t, http.StatusServiceUnavailable, "reason", cmp.Or(c.reason, "identity_provider_unavailable"))
			if after := r.header.Get("Retry-After"); after == "" || name == "429" && after != "9" || strings.Contains(r.raw, "canary") {
				t.Errorf("Retry-After %q in %s", after, r.raw)
			}
			if v := w.known.Judge(token); v.State != tokenstate.Usable || v.InDoubt {
				t.Errorf("%+v", v)
			}
		})
	}
	var orders int
	must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.outbox").Scan(&orders))
	if orders != 0 {
		t.Fatalf("%d orders were given", orders)
	}
}

// Ensure a refusal of the token closes exactly that one, and that Keycloak is not called again.
func TestInvalidGrantIsOneRefusal(t *testing.T) {
	w := newWorld(t)
	key := w.mint("k")
	for n, text := range []string{"Offline user session not found", "Stale token", "some text of the next release"} {
		var calls atomic.Int64
		say := saying(400, "application/json", fmt.Sprintf(`{"error":"invalid_grant","error_description":%q}`, text))
		w.of(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { calls.Add(1); say(rw, r) }), false)
		user := fmt.Sprint("user-", n)
		refused, other := w.stored(user), w.stored("other-"+user)
		for range 5 {
			w.backend(http.MethodPost, "/v1/users/"+user+"/access-token", map[string]any{}).want(t, http.StatusConflict, "reason", "refused")
		}
		if calls.Load() != 1 || w.known.Judge(refused).State != tokenstate.Suspended || w.known.Judge(other).State != tokenstate.Usable {
			t.Errorf("%s: %d calls; %+v; %+v", text, calls.Load(), w.known.Judge(refused), w.known.Judge(other))
		}
	}
	w.me(key).want(t, http.StatusOK)
}
