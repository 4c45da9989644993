package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// called is a look at a client by its present client_id.
func (s *story) called(at events.Millis, uuid, clientID string) *story {
	return s.observe(at, "kc1", events.Observation{Clients: []events.ClientLook{{Client: uuid, ClientID: clientID, Enabled: true}}})
}

// Ensure a token that is stored a moment after its client was renamed is known to be of that client: Keycloak no longer
// knows the client_id that the token bears. Of a client that nobody has seen, nothing is known, and the token is in doubt.
func TestATokenStoredAfterItsClientWasRenamed(t *testing.T) {
	r, late := tokenstate.DefaultRules(), token
	late.Client = "" // whoever stores it knows only its client_id
	judged := func(s *story, when string, state tokenstate.State, reason string, inDoubt bool) {
		t.Helper()
		if v := tokenstate.Judge(late, s.facts, r); v.State != state || v.Reason != reason || v.InDoubt != inDoubt {
			t.Errorf("%s: %+v", when, v)
		}
	}
	s := newStory().look(1500*sec, "kc1", alive(birth))
	judged(s, "never seen", tokenstate.Usable, "", true)
	s.called(1500*sec, "c1", "app")
	judged(s, "seen", tokenstate.Usable, "", false)
	s.called(1600*sec, "c1", "renamed")
	judged(s, "renamed", tokenstate.Suspended, tokenstate.ReasonClientRenamed, false)
	s.called(1700*sec, "c1", "app")
	judged(s, "renamed back", tokenstate.Usable, "", false)
	s.called(1800*sec, "c1", "renamed").called(1900*sec, "c2", "app").look(2000*sec, "kc1", alive(birth))
	judged(s, "another has the name", tokenstate.Revoked, tokenstate.ReasonSessionAbsent, false)
}
