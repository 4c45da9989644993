package keycloak_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Ensure each version is asked in words that it understands: 26.0 and 26.1 answer 400 to a time,
// ignore the direction, and all before 26.5 answer 500 to a type that they do not have (measured on 26.0.8).
func TestAdmin_EventsByVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]struct {
		newestFirst, sessionDeleted bool
	}{
		"26.0.8": {true, false}, "26.1.4": {true, false}, "26.2.5": {false, false}, "26.4.7": {false, false},
		"26.5.0": {false, true}, "26.7.3": {false, true}, "27.0.0": {false, true}, "": {false, true}, "999.0.0-SNAPSHOT": {false, true},
	} {
		var asked *http.Request
		versions := 0
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/serverinfo") {
				versions++
				answer(w, 200, `{"systemInfo":{"version":"`+version+`"}}`)
				return
			}
			asked = r
			answer(w, 200, `[{"time":5,"type":"LOGOUT","operationType":"DELETE","resourceType":"USER"}]`)
		})
		a := f.admin(t)
		q := keycloak.EventQuery{From: 1_700_000_000_000, Types: []string{"LOGOUT", "USER_SESSION_DELETED"}, First: 3, Max: 10}
		users, err := a.UserEvents(context.Background(), "r", q)
		if err != nil || users.NewestFirst != want.newestFirst || len(users.Rows) != 1 {
			t.Fatalf("%s: %+v, %v", version, users, err)
		}
		v := asked.URL.Query()
		if v.Has("dateFrom") == want.newestFirst || v.Has("direction") == want.newestFirst {
			t.Errorf("%s was asked for %v", version, v)
		}
		if got := len(v["type"]) == 2; got != want.sessionDeleted || v["type"][0] != "LOGOUT" || v.Get("first") != "3" || v.Get("max") != "10" {
			t.Errorf("%s was asked for %v", version, v)
		}
		admins, err := a.AdminEvents(context.Background(), "r", keycloak.EventQuery{From: 1_700_000_000_000})
		if err != nil || admins.NewestFirst != want.newestFirst || asked.URL.Query().Has("dateFrom") == want.newestFirst {
			t.Errorf("%s: %+v, %v", version, admins, err)
		}
		if versions != 1 {
			t.Errorf("%s: asked for its version %d times in a moment", version, versions)
		}
	}
}

// Ensure a server that hides its version is asked as the newest one is.
func TestAdmin_EventsOfAHiddenVersion(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/serverinfo") {
			answer(w, 403, `{"error":"HTTP 403 Forbidden"}`)
			return
		}
		answer(w, 200, `[]`)
	})
	if page, err := f.admin(t).UserEvents(context.Background(), "r", keycloak.EventQuery{}); err != nil || page.NewestFirst {
		t.Fatalf("%+v, %v", page, err)
	}
}
