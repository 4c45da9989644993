package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// links is a Federation: github's ids to users.
type links struct {
	users map[string]string
	fault error
}

func (l *links) FindLinked(_ context.Context, alias, id string) (string, error) {
	if l.fault != nil {
		return "", l.fault
	}
	if user, ok := l.users[id]; ok && alias == "github" {
		return user, nil
	}
	return "", idp.ErrNoSuchUser
}

func (l *links) FindByEmail(_ context.Context, email string) ([]string, error) {
	if l.fault != nil {
		return nil, l.fault
	}
	if user, ok := l.users[email]; ok {
		return []string{user}, nil
	}
	return nil, nil
}

func (w *world) auth() reply {
	w.t.Helper()
	return w.backend(http.MethodGet, "/v1/users/u/auth", nil)
}

// wantAuth checks what can proceed, and why not all of it.
func (r reply) wantAuth(t *testing.T, keys, refresh bool, reason, message string) {
	t.Helper()
	r.want(t, http.StatusOK, "user_id", "u", "reason", reason)
	if got, want := fmt.Sprint(r.body["can"]), fmt.Sprint(map[string]any{"api_keys": keys, "refresh": refresh}); got != want {
		t.Errorf("can: %s, want %s", got, want)
	}
	if text, _ := r.body["message"].(string); !strings.Contains(text, message) || message == "" && text != "" {
		t.Errorf("message: %q, want %q", text, message)
	}
}

// Ensure an integration hears what can proceed, why not all, and what to tell the user, by
// Keycloak's id and by the identity elsewhere, above all after a logout.
func TestIntegrations(t *testing.T) {
	w := newWorld(t)
	l := &links{users: map[string]string{"42": "u"}}
	demo := w.server.Gate.Realms["demo"]
	demo.Federation = l
	w.server.Gate.Realms["demo"] = demo
	w.learn(standing(1, func(*tokenstate.Standing) {}))
	w.auth().wantAuth(t, true, false, "no_offline_token", "re-login into [the application](https://app.example/login) before")
	w.put(offline("s", now())).want(t, http.StatusCreated)
	w.auth().wantAuth(t, true, true, "", "")
	w.server.Admin.AppName = "OpenHands Cloud"
	w.learn(cut("c"))
	const expired = "your session has expired. Please login again at [OpenHands Cloud](https://app.example/login) and try again."
	r := w.auth()
	r.wantAuth(t, true, false, "revoked_by_order", expired)
	r.want(t, http.StatusOK, "login_url", "https://app.example/login")
	byID := w.backend(http.MethodGet, "/v1/users?idp=github&idp_user_id=42", nil)
	if byID.wantAuth(t, true, false, "revoked_by_order", expired); byID.raw != r.raw {
		t.Errorf("by the identity: %s\nby the id: %s", byID.raw, r.raw)
	}
	w.idp.away = errAway
	w.auth().wantAuth(t, true, false, "revoked_by_order", expired) // nothing that is known needs Keycloak
	l.fault = errAway
	w.backend(http.MethodGet, "/v1/users?idp=github&idp_user_id=42", nil).want(t, http.StatusServiceUnavailable, "reason", "identity_provider_unavailable")
	l.fault = idp.ErrSeveral
	w.backend(http.MethodGet, "/v1/users?idp=github&idp_user_id=42", nil).want(t, http.StatusConflict, "reason", "ambiguous_identity")
	l.fault = nil
	w.backend(http.MethodGet, "/v1/users?idp=github&idp_user_id=43", nil).want(t, http.StatusNotFound, "reason", "no_such_user")
	w.backend(http.MethodGet, "/v1/users?idp=github", nil).want(t, http.StatusUnprocessableEntity)
	w.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(s *tokenstate.Standing) { s.Disabled = true }))
	r = w.auth()
	if r.wantAuth(t, false, false, "user_disabled", "your account is disabled"); r.body["login_url"] != nil {
		t.Error("a login does not help a disabled user")
	}
}

// Ensure a user who was never looked at is looked at, once, and that strict says nothing of one
// who cannot be.
func TestIntegrationsOfUnknownUsers(t *testing.T) {
	w := newWorld(t)
	w.idp.look = idp.Look{Gone: true}
	w.auth().want(t, http.StatusNotFound, "reason", "no_such_user")
	w.idp.look = idp.Look{}
	w.auth().wantAuth(t, false, false, "user_disabled", "disabled")
	w.idp.away = errAway
	r := w.auth()
	r.wantAuth(t, true, false, "no_offline_token", "re-login")
	if standing := r.body["standing"].(map[string]any); standing["known"] != false {
		t.Errorf("standing: %v", standing)
	}
	w.server.Gate.StandingMaxAge = time.Minute
	w.auth().want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	scope := w.credential("keys only", "demo", []string{"keys"}, nil)
	w.ask(http.MethodGet, "/v1/users/u/auth", nil, "X-Service-API-Key", scope).want(t, http.StatusForbidden)
	w.ask(http.MethodGet, "/v1/users?idp=a&idp_user_id=b", nil, "X-Service-API-Key", scope).want(t, http.StatusForbidden)
}

// journalled puts a message where the worker would.
func (w *world) journalled(m events.Message) {
	w.t.Helper()
	raw, err := events.Encode(m)
	must(w.t, err)
	from, err := w.store.Floor(w.t.Context())
	must(w.t, err)
	w.floor++
	_, err = w.store.Apply(w.t.Context(), journal.Batch{
		From: from, To: journal.Floor{Stream: "T", Seq: w.floor, Digest: "d"}, Facts: tokenstate.Learn(m),
		Lines: []journal.Line{{ID: m.ID, Seq: w.floor, Received: m.At, Realm: m.Realm, Class: string(m.Body.Class()), Raw: raw, About: m.About()}},
	})
	must(w.t, err)
}

// Ensure an event is applied once the journal has it, by either way, in one's own realm only; an
// order is at its commit.
func TestEventApplied(t *testing.T) {
	w := newWorld(t)
	const id = "6b1e9f4c-0d5f-4a57-9d0c-2f2f6d0f7a11"
	status := func(id string) reply { return w.backend(http.MethodGet, "/v1/events/"+id, nil).want(t, http.StatusOK) }
	if r := status(id); r.body["applied"] != false {
		t.Errorf("before it came: %s", r.raw)
	}
	event := func(realm, path string) events.Message {
		return events.Message{
			ID: id + path, Realm: realm, At: tokenstate.Millis(time.Now().UnixMilli()), Node: "n", Source: events.Listener,
			Body: &events.Happened{Event: id, Kind: "user", Type: "LOGOUT", User: "u", Session: "s"},
		}
	}
	w.journalled(event("other", "/b"))
	if r := status(id); r.body["applied"] != false || len(r.body["messages"].([]any)) != 0 {
		t.Errorf("another realm's: %s", r.raw)
	}
	w.journalled(event("demo", "/l"))
	for _, name := range []string{id, id + "%2Fl"} {
		r := status(name)
		if messages := r.body["messages"].([]any); r.body["applied"] != true || messages[0].(map[string]any)["message_id"] != id+"/l" {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	r := w.backend(http.MethodPost, "/v1/users/u/revoke", map[string]any{"tokens": true, "reason": "x"}).want(t, http.StatusOK)
	r = status(fmt.Sprint(r.body["event_id"]))
	if messages := r.body["messages"].([]any); r.body["applied"] != true || messages[0].(map[string]any)["received_at"] != nil {
		t.Errorf("an order: %s", r.raw)
	}
	scope := w.credential("decide only", "demo", []string{"decide"}, nil)
	w.ask(http.MethodGet, "/v1/events/"+id, nil, "X-Service-API-Key", scope).want(t, http.StatusForbidden)
}
