package inspection

import (
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure doctor has the worker's alarm about a user store, and none where nobody has changed a store: that users of one
// are gone is nothing that anybody must repair then.
func TestDoctorHasTheStoresAlarm(t *testing.T) {
	now := events.Millis(time.Now().UnixMilli())
	facts := tokenstate.NewFacts()
	for _, user := range []string{"ann", "ben"} {
		for i, look := range []events.UserLook{{User: user, Enabled: true, Store: "ldap"}, {User: user, Gone: true}} {
			at := now + events.Millis(i)*1000
			facts.Add(tokenstate.Learn(events.Message{ID: user + look.Store, Realm: "demo", At: at, Received: at, Source: events.Look, Body: &events.Observation{User: &look}}))
		}
	}
	state := recovery.State{Facts: facts, Rules: tokenstate.DefaultRules(), Tokens: []tokenstate.Token{{Realm: "demo", User: "ann", Session: "s"}}}
	if got := owners(state)["demo"].StoreGone; got != 0 {
		t.Errorf("without a change: %d gone", got)
	}
	facts.Add(tokenstate.Learn(events.Message{
		ID: "change", Realm: "demo", At: now + 500, Received: now + 500, Node: "kc1", Source: events.Listener,
		Body: &events.Happened{Event: "e1", Kind: "admin", Type: "UPDATE COMPONENT", Path: "components/ldap"},
	}))
	if got := owners(state)["demo"].StoreGone; got != 2 {
		t.Errorf("after a change: %d gone, want 2", got)
	}
}
