package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func now() tokenstate.Seconds { return tokenstate.Seconds(time.Now().Unix()) }

func (w *world) put(c idp.Claims) reply {
	w.t.Helper()
	return w.backend(http.MethodPut, "/v1/offline-tokens?wait_ms=5000", map[string]any{"refresh_token": token(c)})
}

func (w *world) access() reply {
	w.t.Helper()
	return w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{})
}

// cut is a final revocation of everything of the user up to now.
func cut(cause string) tokenstate.Row {
	return tokenstate.CutoffRow{
		Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Cause: cause,
		Value: tokenstate.Cutoff{Before: now() + 100, At: 1_700_000_000_000, Tokens: true, Reason: tokenstate.ReasonOrder},
	}
}

func TestStoreTokens(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now())).want(t, http.StatusCreated, "custody", "sealed", "state", "usable", "user_id", "u")
	w.put(offline("s", now()-50)).want(t, http.StatusOK) // overtaken
	tracked := map[string]any{"user_id": "u", "client_id": "other", "session_id": "s2", "issued_at": now()}
	w.backend(http.MethodPut, "/v1/offline-tokens?wait_ms=5000", tracked).want(t, http.StatusCreated, "custody", "tracked")
	r := w.backend(http.MethodGet, "/v1/users/u/offline-tokens?limit=1", nil).want(t, http.StatusOK)
	next, _ := r.body["next_cursor"].(string)
	if items, _ := r.body["items"].([]any); len(items) != 1 || next == "" {
		t.Fatalf("first page: %s", r.raw)
	}
	r = w.backend(http.MethodGet, "/v1/users/u/offline-tokens?limit=1&cursor="+strings.ReplaceAll(next, " ", "%20"), nil)
	if items, _ := r.body["items"].([]any); len(items) != 1 || r.body["next_cursor"] != nil || strings.Contains(r.raw, "Issuer") {
		t.Fatalf("second page: %s", r.raw)
	}
	w.backend(http.MethodDelete, "/v1/users/u/offline-tokens/s?wait_ms=5000", nil).want(t, http.StatusOK)
	w.backend(http.MethodDelete, "/v1/users/u/offline-tokens/s?wait_ms=5000", nil).want(t, http.StatusNotFound)
	var n int
	must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.offline_token_secret").Scan(&n))
	if n != 0 {
		t.Fatal("a ciphertext outlives its token")
	}
}

func TestTokensThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	online, future, foreign, other := offline("s", now()), offline("s", now()+120), offline("s", now()), offline("s", now())
	online.Offline, foreign.Issuer, other.ClientID = false, "https://evil/realms/demo", "other"
	for name, body := range map[string]any{
		"online": map[string]any{"refresh_token": token(online)}, "future": map[string]any{"refresh_token": token(future)},
		"another realm": map[string]any{"refresh_token": token(foreign)}, "another client": map[string]any{"refresh_token": token(other)},
		"nonsense": map[string]any{"refresh_token": "canary"}, "nothing": map[string]any{}, "both": map[string]any{"refresh_token": token(offline("s", now())), "user_id": "u"},
		"incomplete":     map[string]any{"user_id": "u", "client_id": "app"},
		"future tracked": map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": now() + 120},
		"control":        map[string]any{"user_id": "u\n", "client_id": "app", "session_id": "s", "issued_at": now()},
		"unknown member": map[string]any{"canary": "canary"}, "wrong type": map[string]any{"refresh_token": []string{"canary"}},
	} {
		r := w.backend(http.MethodPut, "/v1/offline-tokens", body)
		if r.status != http.StatusUnprocessableEntity || strings.Contains(r.raw, "canary") || r.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.backend(http.MethodPut, "/v1/offline-tokens", "{canary").want(t, http.StatusBadRequest)
	w.backend(http.MethodPut, "/v1/offline-tokens", `{"refresh_token":"`+strings.Repeat("x", 40<<10)+`"}`).want(t, http.StatusRequestEntityTooLarge)
	w.idp.introspect = func(idp.Claims) (idp.Introspection, error) { return idp.Introspection{}, nil }
	w.put(offline("s", now())).want(t, http.StatusUnprocessableEntity, "reason", "inactive_token")
	w.idp.introspect = func(c idp.Claims) (idp.Introspection, error) {
		c.User = "somebody else"
		return idp.Introspection{Active: true, Claims: c}, nil
	}
	w.put(offline("s", now())).want(t, http.StatusUnprocessableEntity, "reason", "not_an_offline_token")
	if got := w.known.TokensOf("demo", "u", ""); len(got) != 0 {
		t.Fatalf("stored all the same: %+v", got)
	}
}

// Ensure a token is stored unverified while Keycloak is away, and not preferred to a verified one.
func TestUnverified(t *testing.T) {
	w := newWorld(t)
	w.put(offline("old", now()-100)).want(t, http.StatusCreated)
	w.idp.away = errAway
	r := w.put(offline("new", now())).want(t, http.StatusCreated)
	if r.body["verified"] != false {
		t.Fatal(r.raw)
	}
	if best, _, ok := w.known.Best("demo", "u", "", nil); !ok || best.Token.Session != "old" {
		t.Fatalf("%+v", best)
	}
}

// Ensure many who ask at once cost one refresh, the next one none, and that a dead token
// costs no call at all.
func TestAccessTokens(t *testing.T) {
	w := newWorld(t)
	w.access().want(t, http.StatusNotFound, "reason", "no_offline_token")
	w.put(offline("s", now()))
	gate := make(chan struct{})
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		<-gate
		return idp.Grant{Access: secret.New("access-1"), Expires: 5 * time.Minute}, nil
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { w.access().want(t, http.StatusOK, "access_token", "access-1") })
	}
	close(gate)
	wg.Wait()
	w.access().want(t, http.StatusOK, "source", "cache")
	if n := w.idp.calls(); n != 1 {
		t.Fatalf("%d refreshes of one token", n)
	}
	w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"min_valid_s": 600}).want(t, http.StatusOK, "source", "refresh")
	w.learn(cut("order-1"))
	before := w.idp.calls()
	r := w.access().want(t, http.StatusConflict, "reason", "revoked_by_order", "event_id", "order-1", "login_url", "https://app.example/login")
	if r.body["type"] != "urn:tokenstate:problem:offline-token-revoked" || w.idp.calls() != before {
		t.Fatalf("%s after %d calls", r.raw, w.idp.calls()-before)
	}
}

// Ensure a refusal closes exactly that token for a while, is told to all, and lifts on success.
func TestRefusedRefresh(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{}, &idp.RefusalError{Records: true, Code: "invalid_grant", Description: "Stale token", Reason: "stale"}
	}
	r := w.access().want(t, http.StatusConflict, "reason", "refused")
	if r.body["retry_at"] == nil || r.header.Get("Retry-After") == "" {
		t.Fatalf("no retry_at: %s", r.raw)
	}
	w.access().want(t, http.StatusConflict, "reason", "refused")
	if w.idp.calls() != 1 {
		t.Fatal("Keycloak was asked again before retry_at")
	}
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(90 * time.Second) }
	w.access().want(t, http.StatusConflict) // refused again: the pause doubles
	_, v, _ := w.known.Best("demo", "u", "", nil)
	if pause := v.RetryAt - v.Since; pause < 110_000 || pause > 130_000 {
		t.Fatalf("the second pause is %d ms", pause)
	}
	w.idp.refresh = nil
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(10 * time.Minute) }
	w.access().want(t, http.StatusOK)
	w.caughtUp()
	if _, v, _ := w.known.Best("demo", "u", "", nil); v.State != tokenstate.Usable {
		t.Fatalf("a success does not lift the refusal: %+v", v)
	}
}

// Ensure nothing transient, and nothing about ourselves, is remembered of a token. What is about
// ourselves has a reason of its own and does not promise that trying again helps.
func TestUnavailableIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	for reason, err := range map[string]error{
		"identity_provider_unavailable": errors.New("boom"),
		"invalid_client":                &idp.RefusalError{Records: false, Code: "invalid_client", Reason: "invalid_client"},
		"proof_missing":                 &idp.RefusalError{Records: false, Code: "invalid_grant", Reason: "proof_missing"},
	} {
		w.idp.refresh = func(context.Context, int) (idp.Grant, error) { return idp.Grant{}, err }
		a := w.access()
		a.want(t, http.StatusServiceUnavailable, "reason", reason)
		if promises := strings.Contains(a.raw, "try again"); promises != (reason == "identity_provider_unavailable") {
			t.Errorf("%s: the answer says to try again: %t", reason, promises)
		}
	}
	w.caughtUp()
	if _, v, _ := w.known.Best("demo", "u", "", nil); v.State != tokenstate.Usable {
		t.Fatalf("%+v", v)
	}
}

// Ensure an access token is not given out if its offline token was found dead meanwhile.
func TestRevokedDuringRefresh(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		w.learn(cut("meanwhile"))
		return idp.Grant{Access: secret.New("too late"), Expires: time.Minute}, nil
	}
	w.access().want(t, http.StatusConflict, "event_id", "meanwhile")
	w.access().want(t, http.StatusConflict)
	if w.idp.calls() != 1 {
		t.Fatal("it was refreshed again")
	}
}

// Ensure a rotated token is kept, sealed, and that a foreign one is not.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()-10))
	grant := func(c idp.Claims) {
		w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
			return idp.Grant{Access: secret.New("a"), Expires: time.Second, Next: secret.New(token(c))}, nil
		}
		w.access().want(t, http.StatusOK)
		w.caughtUp()
	}
	grant(offline("s", now()-5))
	if stored, _ := w.known.Token("demo", "s", "app"); stored.Token.IssuedAt < now()-7 || !stored.Verified || stored.Custody != "sealed" {
		t.Fatalf("%+v", stored)
	}
	grant(offline("another", now()))
	if stored, _ := w.known.Token("demo", "s", "app"); stored.Token.IssuedAt > now()-4 {
		t.Fatal("a token of another session took its place")
	}
}

func TestLogout(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	online := offline("s", now())
	online.Offline = false
	logout := func(c idp.Claims, revoke bool, query string) reply {
		return w.backend(http.MethodPost, "/v1/logout"+query, map[string]any{"refresh_token": token(c), "revoke_offline": revoke})
	}
	if r := logout(offline("s", now()), false, "").want(t, http.StatusOK, "offline", "kept"); r.body["ended"] != false || w.idp.logouts != 0 {
		t.Fatalf("an offline token that nobody asked to revoke: %s", r.raw)
	}
	logout(online, false, "").want(t, http.StatusOK, "offline", "kept")
	logout(online, true, "").want(t, http.StatusOK, "offline", "revoked")
	if w.idp.logouts != 3 {
		t.Fatalf("%d logouts at Keycloak", w.idp.logouts)
	}
	logout(offline("s", now()), true, "?wait_ms=50").want(t, http.StatusAccepted) // no event has come
	w.learn(cut("event-1"))
	if r := logout(offline("s", now()), true, "?wait_ms=50").want(t, http.StatusOK, "event_id", "event-1"); r.body["applied"] != true {
		t.Fatal(r.raw)
	}
	w.idp.away = errAway
	logout(online, false, "").want(t, http.StatusServiceUnavailable)
	w.backend(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": "canary"}).want(t, http.StatusUnprocessableEntity)
}
