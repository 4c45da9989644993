package keycloak_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

func TestLifetimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		realm, client string
		want          keycloak.Lifetimes
	}{
		{`{"offlineSessionIdleTimeout":2592000,"offlineSessionMaxLifespan":5184000}`, `{"id":"c"}`, keycloak.Lifetimes{Idle: 2592000}}, // Keycloak's defaults
		{`{"offlineSessionIdleTimeout":100,"offlineSessionMaxLifespanEnabled":true,"offlineSessionMaxLifespan":200}`, `{"id":"c","attributes":{}}`, keycloak.Lifetimes{Idle: 100, Max: 200}},
		{`{"offlineSessionIdleTimeout":100,"clientOfflineSessionIdleTimeout":50,"clientOfflineSessionMaxLifespan":70}`, `{"id":"c"}`, keycloak.Lifetimes{Idle: 50}},
		{
			`{"offlineSessionIdleTimeout":100}`, // a client's own maximum counts where the realm has none
			`{"id":"c","attributes":{"client.offline.session.idle.timeout":"10","client.offline.session.max.lifespan":"20"}}`, keycloak.Lifetimes{Idle: 10, Max: 20},
		},
		{`{"offlineSessionIdleTimeout":100}`, `{"id":"c","attributes":{"client.offline.session.idle.timeout":"","client.offline.session.max.lifespan":"x"}}`, keycloak.Lifetimes{Idle: 100}},
	} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/clients/") {
				answer(w, 200, c.client)
			} else {
				answer(w, 200, c.realm)
			}
		})
		got, err := f.admin(t).Lifetimes(t.Context(), "demo", "c")
		if err != nil || got != c.want {
			t.Errorf("%s %s: %+v %v", c.realm, c.client, got, err)
		}
	}
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"realm":"demo"}`) })
	if l, err := f.admin(t).Lifetimes(t.Context(), "demo", "c"); err == nil {
		t.Errorf("a realm without settings: %+v", l)
	}
}

func TestMayBeOver(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_795_000_000_000)
	s := keycloak.Session{UserStart: now.Add(-100 * time.Second).UnixMilli(), LastAccess: now.Add(-50 * time.Second).UnixMilli()}
	for l, want := range map[keycloak.Lifetimes]bool{
		{}:                    false,
		{Idle: 60}:            false,
		{Idle: 52}:            true, // our time may be two seconds early
		{Idle: 60, Max: 103}:  false,
		{Idle: 60, Max: 102}:  true,
		{Idle: 10, Max: 1000}: true,
	} {
		if got := l.MayBeOver(s, now); got != want {
			t.Errorf("%+v: %v", l, got)
		}
	}
}

// Ensure a session that lasts has the end of the bound that comes first: from its last use on, or from its beginning.
func TestLasting_Ends(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_795_000_000_000)
	s := keycloak.Session{ID: "s", UserStart: now.Add(-100 * time.Second).UnixMilli(), LastAccess: now.Add(-50 * time.Second).UnixMilli()}
	for realm, want := range map[string][2]int64{
		`{"offlineSessionIdleTimeout":600}`: {1_795_000_550, 600},
		`{"offlineSessionIdleTimeout":600,"offlineSessionMaxLifespanEnabled":true,"offlineSessionMaxLifespan":500}`: {1_795_000_400, 500},
		`{"offlineSessionIdleTimeout":600,"offlineSessionMaxLifespanEnabled":true,"offlineSessionMaxLifespan":700}`: {1_795_000_550, 600},
		`{"offlineSessionIdleTimeout":0,"offlineSessionMaxLifespanEnabled":true,"offlineSessionMaxLifespan":700}`:   {1_795_000_600, 700},
		`{"offlineSessionIdleTimeout":0}`: {0, 0},
	} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/clients/") {
				answer(w, 200, `{"id":"c"}`)
			} else {
				answer(w, 200, realm)
			}
		})
		sure, _, err := f.admin(t).Lasting(t.Context(), "demo", "c", []keycloak.Session{s}, now)
		if err != nil || len(sure) != 1 || [2]int64{sure[0].Ends, sure[0].Life} != want {
			t.Errorf("%s: %+v %v, want %v", realm, sure, err, want)
		}
	}
}
