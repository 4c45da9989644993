package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure each of Keycloak's own events puts in doubt what the admin event of the same change would.
func TestWhatProviderEventsPutInDoubt(t *testing.T) {
	for _, c := range []struct {
		h     events.Happened
		token bool // the token of u1 in s1 and of client c1 is in doubt
		owner bool // so is u1, the owner of keys
	}{
		{events.Happened{Type: events.UserPreRemoved, User: "u1"}, true, true},
		{events.Happened{Type: events.UserRolesChanged, User: "u1"}, true, true},
		{events.Happened{Type: events.UserRolesChanged, User: "u2"}, false, false},
		{events.Happened{Type: events.WorkflowStep, User: "u1"}, true, true},
		{events.Happened{Type: events.ClientRemoved, Client: "c1"}, true, false},
		{events.Happened{Type: events.ClientRemoved, Client: "c2"}, false, false},
		{events.Happened{Type: events.RolesChanged}, true, true},
		{events.Happened{Type: events.ManyEvents}, true, true},
		{events.Happened{Type: "OF_A_NEWER_LISTENER", User: "u1"}, false, false},
		{events.Happened{Type: events.UserRemoved}, false, false}, // names nobody: nothing, and above all not everybody
	} {
		v, o := afterProvider(c.h, events.Listener)
		if v.InDoubt != c.token || v.State != tokenstate.Usable {
			t.Errorf("%s: token in doubt %t, %v %s", c.h.Type, v.InDoubt, v.State, v.Reason)
		}
		if o.InDoubt != c.owner || !o.Active {
			t.Errorf("%s: owner in doubt %t, active %t", c.h.Type, o.InDoubt, o.Active)
		}
	}
}

// Ensure a user whom Keycloak alone knew is gone with the event, keys and all, and one of a user
// store is only in doubt: a store that was misread for a moment has them back.
func TestRemovedUser(t *testing.T) {
	for _, c := range []struct {
		name   string
		h      events.Happened
		source events.Source
		gone   bool
	}{
		{"local", events.Happened{User: "u1"}, events.Listener, true},
		{"imported from a store", events.Happened{User: "u1", Details: map[string]string{"store": "ldap-1"}}, events.Listener, false},
		{"not heard by a listener", events.Happened{User: "u1"}, events.Foreign, false},
	} {
		c.h.Type = events.UserRemoved
		v, o := afterProvider(c.h, c.source)
		if got := v.State == tokenstate.Revoked && v.Reason == tokenstate.ReasonUserDeleted; got != c.gone {
			t.Errorf("%s: token %v %s", c.name, v.State, v.Reason)
		}
		if (o.KeysReason == tokenstate.ReasonUserDeleted) != c.gone || !o.InDoubt {
			t.Errorf("%s: keys before %d: %q, in doubt %t", c.name, o.KeysBefore, o.KeysReason, o.InDoubt)
		}
	}
}

// Ensure the user of a store that keeps its own users is in doubt, never gone: the id names the store.
func TestRemovedUserOfAStore(t *testing.T) {
	f := tokenstate.Learn(providerEvent(events.Happened{Type: events.UserRemoved, User: "f:store:ann"}, events.Listener))
	if len(f.CutoffRows()) != 0 || len(f.DoubtRows()) != 1 {
		t.Fatalf("cutoffs %v, doubts %v", f.CutoffRows(), f.DoubtRows())
	}
}

func providerEvent(h events.Happened, source events.Source) events.Message {
	h.Event, h.Kind = "event-1", events.KindProvider
	return events.Message{
		ID: "event-1/l", Realm: "demo", Server: "26.7.3", At: 2100 * sec, Received: 2100 * sec,
		Node: "kc1", Source: source, Body: &h,
	}
}

func afterProvider(h events.Happened, source events.Source) (tokenstate.Verdict, tokenstate.Ownership) {
	s := seen(2000 * sec)
	s.facts.Add(tokenstate.Learn(providerEvent(h, source)))
	return tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()), tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules())
}
