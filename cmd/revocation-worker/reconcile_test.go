package main

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// Ensure a dry run looks at users of a user store as carefully as the worker: over the admin API Keycloak removes whom
// a store that was just changed does not show, be it by a look at them or by a listing.
func TestADryRunIsKeptFromAChangedStore(t *testing.T) {
	now := events.Millis(time.Now().UnixMilli())
	facts := tokenstate.NewFacts()
	for _, m := range []events.Message{
		{ID: "look", Realm: "demo", At: now - 9000, Received: now - 9000, Source: events.Look, Body: &events.Observation{User: &events.UserLook{User: "ann", Enabled: true, Store: "ldap"}}},
		{ID: "change", Realm: "demo", At: now - 5000, Received: now - 5000, Node: "kc1", Source: events.Listener, Body: &events.Happened{Event: "e1", Kind: "admin", Type: "UPDATE COMPONENT", Path: "components/ldap"}},
	} {
		facts.Add(tokenstate.Learn(m))
	}
	stores := guard(facts)
	if err := stores.Tried("demo"); !errors.Is(err, asking.ErrStore) {
		t.Errorf("a listing asks the store for each of its users: %v", err)
	}
	if err := stores.Tried("quiet"); err != nil {
		t.Errorf("a realm without a store: %v", err)
	}
	if err := stores.May("demo", "ann", time.Now()); !errors.Is(err, asking.ErrStore) {
		t.Errorf("five seconds after the change: %v", err)
	}
	if err := stores.May("demo", "ann", time.Now().Add(workerconfig.DefaultStorePause)); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}
