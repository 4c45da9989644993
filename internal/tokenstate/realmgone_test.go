package tokenstate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure that of a realm that is gone only the realm is asked for, whatever is in doubt beneath, and
// everybody again once it is back.
func TestNobodyIsAskedForInARealmThatIsGone(t *testing.T) {
	r := tokenstate.DefaultRules()
	s := seen(2000*sec).itself(2001*sec).event(2100*sec, "kc1", updated("ACTION REALM", "logout-all", "event-l"))
	s.event(2150*sec, "kc1", updated("UPDATE CLIENT", "clients/c1", "event-c"))
	s.wantDue(t, true, 2151*sec)
	s.foundGone(2200*sec, "")
	if d := cmp.Diff([]string{""}, s.due(2200*sec+r.ClosedSweep)); d != "" {
		t.Errorf("gone: %s", d)
	}
	s.inDoubt(t, false)
	if o := tokenstate.Owner("demo", "u1", s.facts, r); o.InDoubt || o.Active {
		t.Errorf("the owner of keys: %+v", o)
	}
	user := tokenstate.Scope{Realm: "demo", User: "u1"}
	for at, want := range map[events.Millis]bool{2200 * sec: true, 2201 * sec: false} {
		if got := tokenstate.SeenSince(user, []tokenstate.Token{token}, s.facts, r, at); got != want {
			t.Errorf("seen since %d: %t", at, got)
		}
	}
	s.observe(2300*sec, "", events.Observation{Realm: &events.RealmLook{Enabled: true}})
	s.wantDue(t, true, 2301*sec)
}
