package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure roles that were taken from everybody at once, by a partial import that made the role anew, leave everybody in
// doubt until they are looked at, or a page has shown that they have it: a page of the admin API shows no roles.
func TestRolesTakenFromEverybody(t *testing.T) {
	yes, no := true, false
	roles := func(has *bool, store string) []events.UserSeen {
		return []events.UserSeen{{User: "u1", Enabled: true, OfflineAccess: has, Store: store}}
	}
	imported := func() *story {
		return seen(2000*sec).event(2100*sec, "kc1", events.Happened{Event: "event-import", Kind: "admin", Type: "UPDATE REALM", Path: "realms/a-role"}).
			itself(2200 * sec)
	}
	without := events.Observation{
		User:    &events.UserLook{User: "u1", Enabled: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	}
	const at = 2200 * sec
	for name, c := range map[string]struct {
		s       *story
		state   tokenstate.State
		inDoubt bool
	}{
		"nobody has looked":             {imported(), tokenstate.Usable, true},
		"a page without roles":          {imported().page(at, roles(nil, ""), alive(birth)), tokenstate.Usable, true},
		"a page that shows the role":    {imported().page(at, roles(&yes, ""), alive(birth)), tokenstate.Usable, false},
		"a page that shows none":        {imported().page(at, roles(&no, ""), alive(birth)), tokenstate.Usable, true},
		"a store may give it, or not":   {imported().page(at, roles(&no, "ldap"), alive(birth)), tokenstate.Usable, true},
		"a look":                        {imported().observe(at, "kc1", without), tokenstate.Suspended, false},
		"a look, and a page afterwards": {imported().observe(at, "kc1", without).page(at+60*sec, roles(&no, ""), alive(birth)), tokenstate.Suspended, false},
	} {
		v := tokenstate.Judge(token, c.s.facts, tokenstate.DefaultRules())
		if v.State != c.state || v.InDoubt != c.inDoubt {
			t.Errorf("%s: %+v", name, v)
		}
		if due := len(c.s.due(at + 61*sec)); due > 0 != c.inDoubt {
			t.Errorf("%s: due %d", name, due)
		}
	}
}

// Ensure a token is in doubt while only the user store could give its user the role: no look asks a store. No other look
// would tell more, and a page that shows the same neither.
func TestARoleThatOnlyAUserStoreCouldGive(t *testing.T) {
	look := func(has bool) events.Observation {
		return events.Observation{
			User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: has, Store: "ldap"},
			Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
		}
	}
	s := newStory().observe(2000*sec, "kc1", look(true))
	s.inDoubt(t, false)
	s.observe(2100*sec, "kc1", look(false)).inDoubt(t, true)
	s.want(t, tokenstate.Usable, "")
	s.wantDue(t, false, 2101*sec)
	as := tokenstate.PageUser{Enabled: true}
	user := tokenstate.Scope{Realm: "demo", User: "u1"}
	if tell, ask := tokenstate.PageTells(user, as, s.facts, tokenstate.DefaultRules(), 2101*sec); tell || ask {
		t.Errorf("the same on a page: tell %v, ask %v", tell, ask)
	}
	as.OfflineAccess = true
	if _, ask := tokenstate.PageTells(user, as, s.facts, tokenstate.DefaultRules(), 2101*sec); !ask {
		t.Error("given back without an event, and nobody asks")
	}
	s.observe(2200*sec, "kc1", look(true)).inDoubt(t, false)
}
