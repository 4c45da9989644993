package keycloak_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure a refused login says nothing of a token, tells what to look at, and repeats no password.
func TestLogin_Refused(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("scope") != "openid offline_access" || r.FormValue("password") != "canary-password" {
			t.Errorf("asked with %v", r.Form)
		}
		answer(w, 401, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`)
	})
	_, err := f.app(t).Login(t.Context(), "canary", secret.New("canary-password"))
	var u *keycloak.UnavailableError
	if !errors.As(err, &u) || errors.As(err, new(*keycloak.RefusedError)) || !strings.Contains(err.Error(), "direct access grants") || strings.Contains(err.Error(), "canary-password") {
		t.Errorf("%v", err)
	}
}

// Ensure the switch writes back what was read, with one member changed.
func TestSetEnabled(t *testing.T) {
	user := map[string]any{"id": "u1", "enabled": true, "username": "canary", "attributes": map[string]any{"a": []any{"b"}}}
	status := http.StatusNoContent
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/admin/realms/master/users/u1":
			answer(w, 404, `{"error":"User not found"}`)
		case r.Method == http.MethodPut:
			user = nil
			_ = json.NewDecoder(r.Body).Decode(&user)
			w.WriteHeader(status)
		default:
			raw, _ := json.Marshal(user)
			answer(w, 200, string(raw))
		}
	})
	app := f.app(t)
	if err := app.SetEnabled(t.Context(), "u1", false); err != nil || user["enabled"] != false || user["username"] != "canary" || user["attributes"] == nil {
		t.Errorf("%v: %v", err, user)
	}
	if err := app.SetEnabled(t.Context(), "u2", false); !errors.Is(err, keycloak.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := app.SetEnabled(t.Context(), "../realms", false); err == nil {
		t.Error("an id that leads elsewhere was asked for")
	}
	status = http.StatusForbidden
	if err := app.SetEnabled(t.Context(), "u1", true); err == nil {
		t.Error("forbidden, and taken for done")
	}
}
