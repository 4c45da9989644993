package timeline

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure each verdict's change is told at the message that made it, and that what concerned
// everybody is told only where it mattered.
func TestAStory(t *testing.T) {
	say := func(n events.Millis, id string, s events.Source, b events.Body) events.Message {
		return events.Message{ID: id, Realm: "demo", At: 1_700_000_000_000 + n*1000, Received: 1_700_000_000_000 + n*1000, Source: s, Node: "n1", Body: b}
	}
	ms := []events.Message{
		say(1, "realm-look-1", events.Listener, &events.Observation{Realm: &events.RealmLook{Enabled: true}}),
		say(2, "event-0002/l", events.Listener, &events.Happened{Event: "event-0002", Kind: "user", Type: "LOGOUT", User: "u", Session: "s"}),
		say(3, "user-look-03", events.Listener, &events.Observation{
			Causes:  []events.Cause{{Event: "event-0002", Type: "LOGOUT", Session: "s", At: 1_700_000_002_000}},
			User:    &events.UserLook{User: "u", Enabled: true, OfflineAccess: true},
			Rosters: []events.Roster{{User: "u", Complete: true}},
		}),
		say(4, "realm-look-4", events.Listener, &events.Observation{Realm: &events.RealmLook{Enabled: false}}),
	}
	token := tokenstate.Token{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: 1_699_990_000}
	got := Of(ms, "demo", "u", []tokenstate.Token{token}, tokenstate.DefaultRules())
	want := []Step{
		{ID: "event-0002/l", From: "listener", What: "event LOGOUT", Changes: []Change{
			{"token of app in session s", "usable", "usable, in doubt"},
		}},
		{ID: "user-look-03", From: "listener", What: "look: user is enabled, offline sessions listed: 0", Changes: []Change{
			{"owner of keys", "never looked at", "active"}, {"token of app in session s", "usable, in doubt", "revoked (session_ended)"},
		}},
		{ID: "realm-look-4", From: "listener", What: "look at the realm", Changes: []Change{{"owner of keys", "active", "closed (realm_disabled)"}}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d steps: %+v", len(got), got)
	}
	for i, w := range want {
		g := got[i]
		if g.ID != w.ID || g.From != w.From || g.What != w.What || len(g.Changes) != len(w.Changes) {
			t.Errorf("step %d is\n%+v, not\n%+v", i, g, w)
			continue
		}
		for j := range w.Changes {
			if g.Changes[j] != w.Changes[j] {
				t.Errorf("step %d: %+v, not %+v", i, g.Changes[j], w.Changes[j])
			}
		}
	}
}
