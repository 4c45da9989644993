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
		"a user store may give it":      {imported().page(at, roles(&no, "ldap"), alive(birth)), tokenstate.Usable, false},
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
