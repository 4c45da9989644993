package main

import (
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure what a token carries as iss is kept with it, sealed or tracked: once its realm has another name, or an address
// of its own, Keycloak refuses the token, and its verdict is in doubt.
func TestIssuerIsKeptWithTheToken(t *testing.T) {
	w := newWorld(t)
	iat := now() - 100
	c := offline("s", iat)
	c.Issuer = w.idp.issuer
	w.put(c).want(t, http.StatusCreated)
	tracked := map[string]any{"user_id": "u", "client_id": "other", "session_id": "s2", "issued_at": iat, "issuer": "https://keycloak.example/realms/demo"}
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusCreated)
	tracked["issuer"] = "https://keycloak.example/\x01"
	w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusUnprocessableEntity)

	is := func(at tokenstate.Millis, issuer string) tokenstate.Row {
		return tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo", Key: "issuer"}, Authority: tokenstate.Keycloak},
			Node:    "kc1", Value: tokenstate.Standing{At: at, ClientID: issuer, Cause: "look"},
		}
	}
	w.doubted(is(iat.Millis(), "/realms/demo"), false)
	w.doubted(is(iat.Millis()+1, "/realms/renamed"), true)
	w.doubted(is(iat.Millis()+2, "/realms/demo"), false)
}

// doubted learns something and holds what is then said of both tokens of u.
func (w *world) doubted(row tokenstate.Row, want bool) {
	w.t.Helper()
	w.learn(row)
	list := w.backend(http.MethodGet, "/v1/users/u/offline-tokens", nil).want(w.t, http.StatusOK)
	items, _ := list.body["items"].([]any)
	if len(items) != 2 {
		w.t.Fatalf("listed %v", list.body)
	}
	for _, item := range items {
		if token, _ := item.(map[string]any); token["in_doubt"] != want {
			w.t.Errorf("want in doubt %v: %v", want, token)
		}
	}
}
