package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func goneUser(store string) events.Observation {
	return events.Observation{User: &events.UserLook{User: "u1", Gone: true, Store: store}}
}

func livingUser(store string) events.Observation {
	return events.Observation{User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true, Store: store}}
}

func (s *story) owner() tokenstate.Ownership {
	return tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules())
}

// Ensure an id that is used again does not revive keys from before: a user whose row a look missed and
// who lives again was imported anew. Users of a store come back as themselves.
func TestKeysOfAVanishedUser(t *testing.T) {
	const gone, back = 2000 * sec, 2100 * sec
	deletion := events.Happened{Event: "event-deleted", Kind: "admin", Type: "DELETE USER", Path: "users/u1"}
	for name, c := range map[string]struct {
		s    *story
		want events.Seconds
	}{
		"looked at by a node":                        {seen(1500*sec).observe(gone, "kc1", goneUser("")), 2001},
		"over the admin API, which may be another's": {seen(1500*sec).observe(gone, "", goneUser("")), 0},
		"so, and the deletion was told":              {seen(1500*sec).event(gone-sec, "kc1", deletion).observe(gone, "", goneUser("")), 2001},
		"a store's, by an earlier look":              {seen(1500*sec).observe(1600*sec, "kc1", livingUser("ldap")).observe(gone, "kc1", goneUser("")), 0},
		"a store's, by a page":                       {seen(1500*sec).observe(1600*sec, "", events.Observation{Users: []events.UserSeen{{User: "u1", Enabled: true, Store: "ldap"}}}).observe(gone, "kc1", goneUser("")), 0},
		"a store's, by its removal": {seen(1500*sec).event(1600*sec, "kc1", events.Happened{
			Event: "event-removed", Kind: events.KindProvider, Type: events.UserRemoved, User: "u1", Details: map[string]string{events.StoreDetail: "ldap"},
		}).observe(gone, "kc1", goneUser("")), 0},
		"a store's, deleted by an administrator": {seen(1500*sec).observe(1600*sec, "kc1", livingUser("ldap")).event(gone, "kc1", deletion), 2000},
		"pardoned": {seen(1500 * sec).tell(events.Message{ID: "look-gone", At: gone, Node: "kc1", Source: events.Listener, Body: &events.Observation{User: &events.UserLook{User: "u1", Gone: true}}}).
			tell(events.Message{At: back, Source: events.Operator, Body: &events.Pardon{Cause: "look-gone", By: "op", Reason: "mistake"}}), 0},
		"news that were a second on their way":   {vanishedLate(gone, sec), 2002},
		"news that were an hour on their way":    {vanishedLate(gone, 3600*sec), 2061},
		"a look that was taken for the deletion": {seen(1500*sec).event(gone, "kc1", deletion).observe(gone, "kc1", events.Observation{Causes: []events.Cause{{Event: "event-deleted", Type: "DELETE USER", At: gone}}, User: &events.UserLook{User: "u1", Gone: true}}), 2001},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "pardoned" && name != "a store's, deleted by an administrator" {
				if o := c.s.owner(); o.Active || o.Reason != tokenstate.ReasonUserDeleted {
					t.Errorf("while gone: %+v", o)
				}
			}
			o := c.s.observe(back, "kc1", livingUser("")).observe(back+60*sec, "", livingUser("")).owner()
			if !o.Active || o.KeysBefore != c.want {
				t.Errorf("alive again: active %t, keys before %d, want %d", o.Active, o.KeysBefore, c.want)
			}
		})
	}
}

func vanishedLate(at, by events.Millis) *story {
	o := goneUser("")
	return seen(1500 * sec).tell(events.Message{At: at, Received: at + by, Node: "kc1", Source: events.Listener, Body: &o})
}

// Ensure what looks over the admin API have shown of a store's users since a change is remembered with the facts: a
// restarted worker must not have Keycloak remove two more of them.
func TestStoreUsersSince(t *testing.T) {
	s := newStory().observe(sec, "kc1", livingUser("ldap"))
	since := func(change tokenstate.Millis, found bool, gone int) {
		t.Helper()
		if u, want := s.facts.StoreUsersSince("demo", change), (tokenstate.StoreUsers{Known: true, Found: found, Gone: gone}); u != want {
			t.Errorf("%+v, want %+v", u, want)
		}
	}
	since(0, false, 0) // a node's look validates nobody, and says nothing of the store
	s.observe(3*sec, "", goneUser(""))
	since(2*sec, false, 1)
	since(3*sec, false, 0)
	if u := s.facts.StoreUsersSince("other", 0); u != (tokenstate.StoreUsers{}) {
		t.Errorf("of another realm: %+v", u)
	}
	s.observe(4*sec, "", livingUser("ldap"))
	since(3*sec, true, 0)
	s.observe(6*sec, "", events.Observation{User: &events.UserLook{User: "u1", Store: "ldap"}})
	since(5*sec, true, 0)
}

// Ensure the store of a user is told by their id, or by whoever has seen it.
func TestStoreOf(t *testing.T) {
	f := newStory().observe(sec, "kc1", livingUser("ldap")).observe(2*sec, "kc1", livingUser("")).facts
	for user, want := range map[string]string{"u1": "ldap", "u2": "", "f:directory:ann:2": "directory"} {
		if got := f.StoreOf("demo", user); got != want {
			t.Errorf("%s comes from %q, want %q", user, got, want)
		}
	}
}

// Ensure what happened to a user store puts everybody beneath in doubt, keys stay admitted meanwhile,
// and only a look at the user himself settles it: one that could not ask the store shows sessions.
func TestAStoreIsChanged(t *testing.T) {
	for _, kind := range []string{"UPDATE COMPONENT", "UPDATE USER_FEDERATION_PROVIDER"} {
		changed := func() *story {
			return seen(1500*sec).observe(1600*sec, "kc1", livingUser("ldap")).
				event(2000*sec, "kc1", events.Happened{Event: "event-store", Kind: "admin", Type: kind, Path: "components/ldap"}).
				observe(2000*sec+1, "kc1", events.Observation{
					Causes: []events.Cause{{Event: "event-store", Type: kind, At: 2000 * sec}}, Realm: &events.RealmLook{Enabled: true},
				})
		}
		sessions := events.Observation{Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}}}
		for name, c := range map[string]struct {
			s     *story
			doubt bool
		}{
			"nobody has looked":   {changed(), true},
			"the sessions alone":  {changed().observe(2100*sec, "kc1", sessions), true},
			"the row, too":        {changed().look(2100*sec, "kc1", alive(birth)), false},
			"in two messages":     {changed().observe(2100*sec, "kc1", sessions).observe(2100*sec, "kc1", livingUser("ldap")), false},
			"the row, but before": {changed().look(1999*sec, "kc1", alive(birth)), true},
		} {
			v, o := tokenstate.Judge(token, c.s.facts, tokenstate.DefaultRules()), c.s.owner()
			if at := c.s.facts.ChangedBeneath("demo"); at != 2000*sec {
				t.Errorf("the change is dated %d", at)
			}
			if v.State != tokenstate.Usable || v.InDoubt != c.doubt || !o.Active || o.InDoubt != c.doubt {
				t.Errorf("%s, %s: token %v in doubt %t, owner active %t in doubt %t", kind, name, v.State, v.InDoubt, o.Active, o.InDoubt)
			}
		}
	}
}

// Ensure a logout's look, which shows sessions alone, settles the logout and not what happened to the
// user a moment before, whether it names the event or is merely later.
func TestALookAtSessionsIsNoLookAtTheUser(t *testing.T) {
	at := 2000 * sec
	sessions := events.Observation{Causes: []events.Cause{logout(at)}, Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}}}
	seen(1500*sec).event(at, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"}).
		tell(events.Message{At: at - 10, Received: at + 10, Node: "kc1", Source: events.Listener, Body: &sessions}).inDoubt(t, false)
	disabled := func() *story {
		return seen(1500*sec).event(at-500, "kc1", events.Happened{Event: "event-disabled", Kind: "admin", Type: "UPDATE USER", Path: "users/u1"}).
			event(at, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"})
	}
	s := disabled().observe(at+sec, "kc1", sessions)
	s.inDoubt(t, true)
	if due := tokenstate.Due([]tokenstate.Token{token}, nil, s.facts, tokenstate.DefaultRules(), at+sec); len(due) == 0 || due[0].Scope.User != "u1" || !due[0].Urgent {
		t.Errorf("the user is to be looked at: %+v", due)
	}
	if o := s.owner(); !o.InDoubt {
		t.Errorf("the owner was not looked at: %+v", o)
	}
	disabled().look(at+sec, "kc1", alive(birth), logout(at)).inDoubt(t, true) // it may have come before the commit
	disabled().look(at+10*sec, "kc1", alive(birth), logout(at)).inDoubt(t, false)
	// Nor does a look at the user alone settle their sessions, though it names the event.
	seen(1500*sec).event(at, "kc1", events.Happened{Event: "event-disabled", Kind: "admin", Type: "UPDATE USER", Path: "users/u1"}).
		tell(events.Message{At: at - 10, Received: at + 10, Node: "kc1", Source: events.Listener, Body: &events.Observation{
			Causes: []events.Cause{{Event: "event-disabled", Type: "UPDATE USER", At: at}}, User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		}}).inDoubt(t, true)
	if at := s.facts.ChangedBeneath("demo"); at != 0 {
		t.Errorf("nothing has happened to everybody, but at %d", at)
	}
}

// Ensure the role that a look misses closes a user of the realm itself, and not one of a user store:
// LDAP may give roles that no row of Keycloak's shows, and Keycloak decides at the refresh.
func TestRoleOfAStoresUser(t *testing.T) {
	for store, want := range map[string]tokenstate.State{"": tokenstate.Suspended, "ldap": tokenstate.Usable} {
		without := events.Observation{User: &events.UserLook{User: "u1", Enabled: true, Store: store}}
		s := seen(1500*sec).observe(2000*sec, "kc1", without)
		if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); v.State != want {
			t.Errorf("store %q: %v %s, want %v", store, v.State, v.Reason, want)
		}
	}
}
