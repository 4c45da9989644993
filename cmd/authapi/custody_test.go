package main

import (
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a token that nobody vouches for, sealed while Keycloak is away or tracked, does not take
// the place of a verified one of the same session: whoever makes one up would take a good one away.
func TestVerifiedTokenStays(t *testing.T) {
	w := newWorld(t)
	iat := now() - 100
	w.put(offline("s", iat)).want(t, http.StatusCreated)
	forged := offline("s", now())
	forged.User = "thief"
	w.idp.away = errAway
	for name, c := range map[string]idp.Claims{"forged": forged, "of the same second": offline("s", iat), "newer": offline("s", now())} {
		if r := w.put(c).want(t, http.StatusServiceUnavailable, "reason", "identity_provider_unavailable"); r.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
	for _, user := range []string{"u", "thief"} {
		tracked := map[string]any{"user_id": user, "client_id": "app", "session_id": "s", "issued_at": now()}
		w.backend(http.MethodPut, "/v1/offline-tokens", tracked).want(t, http.StatusConflict, "reason", "sealed_token")
	}
	w.caughtUp()
	text, at, err := w.server.Tokens.Store.Open(t.Context(), tokenstate.Token{Realm: "demo", Session: "s", ClientID: "app"})
	stored, _ := w.known.Token("demo", "s", "app")
	if err != nil || at != iat || text.Reveal() != token(offline("s", iat)) || stored.Token.User != "u" || !stored.Verified {
		t.Fatalf("%+v, iat %d, %v", stored, at, err)
	}
	w.idp.away = nil
	w.put(offline("s", now())).want(t, http.StatusOK)
	w.backend(http.MethodDelete, "/v1/users/u/offline-tokens/s", nil).want(t, http.StatusOK)
	w.backend(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": now()}).want(t, http.StatusCreated)
}

// Ensure the access token of one user is not given out as another's, whose offline token has taken
// the place of theirs.
func TestSeatOfAnotherUser(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()-1)).want(t, http.StatusCreated)
	w.idp.refresh = granting("of u")
	w.access().want(t, http.StatusOK, "access_token", "of u")
	next := offline("s", now())
	next.User = "v"
	w.put(next).want(t, http.StatusOK, "user_id", "v")
	w.idp.refresh = granting("of v")
	w.backend(http.MethodPost, "/v1/users/v/access-token", map[string]any{}).want(t, http.StatusOK, "access_token", "of v")
	w.access().want(t, http.StatusNotFound)
}
