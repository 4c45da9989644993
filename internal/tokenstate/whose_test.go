package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure the owner of a token is the owner of its session: with pairwise subjects, or a mapper, sub is no user of
// Keycloak, and that there is none says nothing of the token.
func TestOwnerIsTheSessions(t *testing.T) {
	pairwise := token
	pairwise.User = "sub-of-u1"
	nobody := events.Observation{User: &events.UserLook{User: "sub-of-u1", Gone: true}}
	session := func(of string, live ...events.ClientSession) events.Observation {
		for i := range live {
			live[i].User = of
		}
		return events.Observation{Rosters: []events.Roster{{Session: "s1", Complete: true, Sessions: live}}}
	}
	person := func(enabled bool, sessions ...events.ClientSession) events.Observation {
		return events.Observation{
			User:    &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true},
			Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: sessions}},
		}
	}
	const at = 2000 * sec
	order := events.Order{Order: events.OrderStanding, By: "app", User: "sub-of-u1", Reason: "gone"}
	for name, c := range map[string]struct {
		s       *story
		state   tokenstate.State
		reason  string
		inDoubt bool
	}{
		"no such user":                     {newStory().observe(at, "kc1", nobody), tokenstate.Usable, "", true},
		"and no such session":              {newStory().observe(at, "kc1", nobody).observe(at+1, "kc1", session("")), tokenstate.Revoked, tokenstate.ReasonSessionAbsent, false},
		"the session lives":                {newStory().observe(at, "kc1", nobody).observe(at+1, "kc1", session("u1", alive(birth)...)), tokenstate.Usable, "", false},
		"its owner's roster says so":       {newStory().observe(at, "kc1", person(true, alive(birth)...)).observe(at+1, "kc1", nobody), tokenstate.Usable, "", false},
		"its owner is disabled":            {newStory().observe(at, "kc1", session("u1", alive(birth)...)).observe(at+1, "kc1", person(false, alive(birth)...)), tokenstate.Suspended, tokenstate.ReasonUserDisabled, false},
		"its owner's session has ended":    {newStory().observe(at, "kc1", session("u1", alive(birth)...)).observe(at+1, "kc1", person(true)), tokenstate.Revoked, tokenstate.ReasonSessionAbsent, false},
		"the backend has disabled them":    {newStory().observe(at, "kc1", session("u1", alive(birth)...)).tell(events.Message{ID: "an-order-1", At: at, Source: events.Authapi, Body: &order}), tokenstate.Suspended, tokenstate.ReasonUserDisabled, false},
		"their user was there, and is not": {newStory().observe(at, "kc1", session("sub-of-u1", alive(birth)...)).observe(at+1, "kc1", nobody), tokenstate.Revoked, tokenstate.ReasonSessionAbsent, false},
	} {
		v := tokenstate.Judge(pairwise, c.s.facts, tokenstate.DefaultRules())
		if v.State != c.state || v.Reason != c.reason || v.InDoubt != c.inDoubt {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
