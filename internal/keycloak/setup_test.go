package keycloak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure a realm lists our listener where Keycloak needs that (before 26.1, and if the jar is
// there), once, beside those that it lists, and that other versions are left alone.
func TestSetup_Listen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, installed string
		has, want          []string
		changes            bool
	}{
		{"26.0.8", "tokenstate", []string{"jboss-logging"}, []string{"jboss-logging", "tokenstate"}, true},
		{"26.0.8", "tokenstate", []string{"tokenstate", "email"}, []string{"tokenstate", "email"}, false},
		{"26.0.8", "email", []string{"jboss-logging"}, []string{"jboss-logging"}, false}, // no jar
		{"26.1.4", "tokenstate", []string{"jboss-logging"}, []string{"jboss-logging"}, false},
		{"26.7.3", "tokenstate", nil, nil, false},
	} {
		listeners := c.has
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/token"):
				answer(w, 200, `{"access_token":"a.b.c"}`)
			case strings.HasSuffix(r.URL.Path, "/serverinfo"):
				answer(w, 200, fmt.Sprintf(`{"systemInfo":{"version":%q},"providers":{"eventsListener":{"providers":{%q:{}}}}}`, c.version, c.installed))
			case r.Method == http.MethodPut:
				var body struct{ EventsListeners []string }
				_ = json.NewDecoder(r.Body).Decode(&body)
				listeners = body.EventsListeners
				w.WriteHeader(http.StatusNoContent)
			default:
				raw, _ := json.Marshal(map[string]any{"eventsEnabled": true, "eventsListeners": listeners})
				answer(w, 200, string(raw))
			}
		})
		s, err := keycloak.NewSetup(context.Background(), f.URL, "admin", secret.New("x"))
		if err != nil {
			t.Fatal(err)
		}
		for _, changes := range []bool{c.changes, false} {
			changed, err := s.Listen(context.Background(), "demo")
			if err != nil || (len(changed) > 0) != changes || !slices.Equal(listeners, c.want) {
				t.Errorf("%+v: changed %v, %v, lists %v", c, changed, err, listeners)
			}
		}
	}
}

// Ensure a realm that lists our listener since Keycloak 26.0 can still be set up after an upgrade:
// later versions refuse any change of its event settings (measured on 26.7.3).
func TestSetup_ListedBeforeAnUpgrade(t *testing.T) {
	t.Parallel()
	listeners, saved := []string{"jboss-logging", "tokenstate"}, false
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			answer(w, 200, `{"access_token":"a.b.c"}`)
		case r.Method == http.MethodPut:
			var body struct {
				EventsListeners    []string
				AdminEventsEnabled bool
			}
			_ = json.NewDecoder(r.Body).Decode(&body)
			if slices.Contains(body.EventsListeners, "tokenstate") {
				answer(w, 400, `{"errorMessage":"Global event listeners not allowed to be added in the realm specific configuration"}`)
				return
			}
			listeners, saved = body.EventsListeners, body.AdminEventsEnabled
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(r.URL.Path, "/events/config"):
			raw, _ := json.Marshal(map[string]any{"adminEventsEnabled": saved, "eventsListeners": listeners})
			answer(w, 200, string(raw))
		default:
			answer(w, 200, `{"realm":"demo","attributes":{}}`)
		}
	})
	s, err := keycloak.NewSetup(context.Background(), f.URL, "admin", secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := s.SaveAdminEvents(context.Background(), "demo", 0)
	if err != nil || !saved || !slices.Equal(listeners, []string{"jboss-logging"}) || !slices.Equal(changed, []string{"adminEventsEnabled", "eventsListeners"}) {
		t.Errorf("changed %v, %v; lists %v, saved %v", changed, err, listeners, saved)
	}
	if changed, err = s.SaveAdminEvents(context.Background(), "demo", 0); err != nil || len(changed) > 0 {
		t.Errorf("a second run changed %v, %v", changed, err)
	}
}

// Ensure the administrator's password is not sent to where a redirect leads.
func TestSetup_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	reached := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached <- r.FormValue("password")
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		}))
		_, err := keycloak.NewSetup(t.Context(), s.URL, "admin", secret.New("canary"))
		s.Close()
		if err == nil || len(reached) > 0 {
			t.Errorf("%d: %v, and the other host got %d requests", status, err, len(reached))
		}
	}
}
