package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a realm counts as one that was there only by what a look over the admin API has shown in
// it, or by its deletion: a listener speaks of realms by names that Keycloak may not know.
func TestWasThere(t *testing.T) {
	look := func(o *events.Observation) events.Message {
		return events.Message{ID: "m", Realm: "r", At: 5_000_000, Received: 5_000_000, Source: events.Look, Body: o}
	}
	ofListener := look(&events.Observation{Realm: &events.RealmLook{Enabled: true}})
	ofListener.Source, ofListener.Node = events.Listener, "kc1"
	deleted := events.Message{
		ID: "d", Realm: "r", At: 5_000_000, Received: 5_000_000, Source: events.Listener, Node: "kc1",
		Body: &events.Happened{Kind: "admin", Type: "DELETE REALM", RealmName: "r"},
	}
	for name, c := range map[string]struct {
		m    events.Message
		want bool
	}{
		"a living user":      {look(&events.Observation{User: &events.UserLook{User: "u", Enabled: true, OfflineAccess: true}}), true},
		"a disabled user":    {look(&events.Observation{User: &events.UserLook{User: "u"}}), true},
		"a session":          {look(&events.Observation{Rosters: []events.Roster{{User: "u", Client: "c", Complete: true, Sessions: []events.ClientSession{{Session: "s", Client: "c"}}}}}), true},
		"the realm":          {look(&events.Observation{Realm: &events.RealmLook{}}), true},
		"its deletion":       {deleted, true},
		"no user":            {look(&events.Observation{User: &events.UserLook{User: "u", Gone: true}}), false},
		"no realm":           {look(&events.Observation{Realm: &events.RealmLook{Gone: true}}), false},
		"a listener's words": {ofListener, false},
	} {
		f := tokenstate.NewFacts()
		f.Add(tokenstate.Learn(c.m))
		if got := f.WasThere("r"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		if f.WasThere("q") {
			t.Errorf("%s: another realm", name)
		}
	}
}
