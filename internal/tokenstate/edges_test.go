package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// again repeats what depends on the order in which a map is walked.
const again = 40

// Ensure a session is gone only if a roster that covers it lacks it, and a revoked grant ends
// one client of it.
func TestNamedNeedsCoverage(t *testing.T) {
	at := 1000*sec + 900
	short := events.Observation{Causes: []events.Cause{logout(at - 100)}, Rosters: []events.Roster{{User: "u1"}}}
	newStory().observe(at, "kc1", short).want(t, tokenstate.Usable, "")
	grant := events.Cause{Event: "event-revoke", Type: "REVOKE_GRANT", Session: "s1", At: at - 100}
	newStory().look(at, "kc1", nil, grant).want(t, tokenstate.Usable, "") // of which client is not known
	grant.Client = "c2"
	newStory().look(at, "kc1", nil, grant).want(t, tokenstate.Usable, "")
	grant.Client = "c1"
	newStory().look(at, "kc1", nil, grant).want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
}

// Ensure of the starts that a token does not fit the greatest counts, and that a look over the admin API, which shows the
// user session's start only, hides none.
func TestGreatestStart(t *testing.T) {
	for range again {
		s := newStory().look(2000*sec, "kc1", alive(birth+5)).look(2000*sec, "kc2", alive(birth+9)).look(3000*sec, "", alive(birth-5))
		if v := s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionRestart); v.Since != (birth + 9).Millis() {
			t.Fatalf("since %d", v.Since)
		}
	}
}

// Ensure a session may begin anew on a node whose clock is behind: a start that a node lists surely later counts, and
// while nothing tells which is the later, Keycloak decides, and somebody looks again.
func TestASessionBeginsAnewEarlier(t *testing.T) {
	r, at := tokenstate.DefaultRules(), 2000*sec
	for after, doubt := range map[events.Millis]bool{-r.Skew: true, r.Skew: true, r.Skew + 1: false} {
		s := newStory().look(at, "kc1", alive(birth+5)).look(at+after, "kc2", alive(birth-5))
		s.want(t, tokenstate.Usable, "")
		s.inDoubt(t, doubt)
		s.wantDue(t, doubt, at+r.Skew)
	}
	newStory().look(at, "kc1", alive(birth+5)).look(at-r.Skew-1, "kc2", alive(birth-5)).want(t, tokenstate.Revoked, tokenstate.ReasonSessionRestart)
	// Where the admin API is all there is to ask, it is asked once: it cannot tell.
	s := newStory().look(at, "kc1", alive(birth+5)).look(at, "kc2", alive(birth-5)).look(at+r.Skew+r.CacheLag+1, "", alive(birth-5))
	s.inDoubt(t, true)
	s.wantDue(t, false, at+r.Skew+r.CacheLag+1)
}

// Ensure an event of a clock far ahead proves nothing.
func TestNothingFinalFromFarAhead(t *testing.T) {
	for _, h := range []events.Happened{
		{Event: "event-1", Kind: "admin", Type: "DELETE USER", Path: "users/u1"},
		{Event: "event-1", Kind: "user", Type: "REVOKE_GRANT", User: "u1", Session: "s1", Client: "c1", Details: map[string]string{"refresh_token_type": "Offline"}},
	} {
		s := newStory().tell(events.Message{At: 2000*sec + tokenstate.MaxAhead + 1, Received: 2000 * sec, Node: "kc1", Source: events.Listener, Body: &h})
		if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
			t.Errorf("%s: no doubt", h.Type)
		}
	}
}

// Ensure what a node saw while its clock was ahead of the log's is looked at again: it counts as later than what is
// seen in the next seconds, by other nodes or, once the clock was set right, by the same.
func TestALookFromAheadIsLookedAtAgain(t *testing.T) {
	r := tokenstate.DefaultRules()
	user := func(enabled bool) events.Body {
		return &events.Observation{User: &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true}}
	}
	s := newStory().tell(events.Message{ID: "ahead", At: 2030 * sec, Received: 2000 * sec, Node: "kc1", Source: events.Listener, Body: user(true)})
	s.tell(events.Message{ID: "right", At: 2001 * sec, Received: 2001 * sec, Node: "kc1", Source: events.Listener, Body: user(false)})
	if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
		t.Error("not in doubt")
	}
	s.tell(events.Message{ID: "later", At: 2030*sec + r.Skew, Received: 2030*sec + r.Skew, Node: "kc1", Source: events.Listener, Body: user(false)})
	s.wantDue(t, true, 2036*sec) // nobody has looked at the sessions
	s.want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
	near := newStory().tell(events.Message{ID: "near", At: 2000*sec + tokenstate.NearClock, Received: 2000 * sec, Node: "kc1", Source: events.Listener, Body: user(true)})
	if len(near.facts.DoubtRows()) != 0 {
		t.Error("clocks that differ by little: a doubt for each look")
	}
}

// Ensure two looks of a node are in the order in which it took them, though its clock is ahead of the log's and the
// older one arrives later.
func TestLooksOfANodeAheadAreNotInTheOrderOfArrival(t *testing.T) {
	look := func(at, received events.Millis, enabled bool) events.Message {
		return events.Message{
			ID: "look-" + at.Time().Format("05.000"), At: at, Received: received, Node: "kc1", Source: events.Listener,
			Body: &events.Observation{User: &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true}},
		}
	}
	newStory().tell(look(2002*sec, 2001*sec, false)).tell(look(2001*sec+900, 2001*sec+800, true)).
		want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
}

// Ensure not-before, however it is raised, leaves keys alone (keycloak.md J 5).
func TestNotBeforeSparesKeys(t *testing.T) {
	s := newStory().observe(2000*sec, "kc1", events.Observation{
		User: &events.UserLook{User: "u1", Enabled: true, NotBefore: 5000}, Realm: &events.RealmLook{Enabled: true, NotBefore: 5000},
	})
	if o := tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules()); !o.Active || o.KeysBefore != 0 {
		t.Errorf("%+v", o)
	}
}

// Ensure the latest outcome stands, whether its reporter knew the client by UUID or by name, and
// that a refusal has its user looked at.
func TestLatestOutcome(t *testing.T) {
	outcome := func(at events.Millis, client, clientID string, refused bool) events.Message {
		return events.Message{At: at, Source: events.Authapi, Body: &events.Order{
			Order: "refresh", By: "b", User: "u1", Client: client, ClientID: clientID, Session: "s1", IssuedAt: birth, Refused: refused,
		}}
	}
	for _, order := range [][2]string{{"c1", ""}, {"", "app"}} {
		other := map[string]string{"c1": "", "": "c1"}[order[0]]
		otherID := map[string]string{"app": "", "": "app"}[order[1]]
		s := newStory().tell(outcome(2000*sec, order[0], order[1], true)).tell(outcome(2100*sec, other, otherID, false))
		s.want(t, tokenstate.Usable, "")
		s = newStory().tell(outcome(2000*sec, order[0], order[1], false)).tell(outcome(2100*sec, other, otherID, true))
		s.want(t, tokenstate.Suspended, tokenstate.ReasonRefused)
	}
	seen(1500*sec).tell(outcome(2000*sec, "c1", "app", true)).inDoubt(t, true)
	seen(1500*sec).tell(outcome(2000*sec, "c1", "app", false)).inDoubt(t, false)
}

// Ensure a refusal is of the name that the token bears. A client that was renamed may have two tokens of one session
// and second, and Keycloak refuses that of the old name.
func TestARefusalIsOfItsClientID(t *testing.T) {
	refused := func(clientID string) *story {
		return newStory().tell(events.Message{At: 2000 * sec, Source: events.Authapi, Body: &events.Order{
			Order: "refresh", By: "b", User: "u1", Client: "c1", ClientID: clientID, Session: "s1", IssuedAt: birth, Refused: true,
		}})
	}
	refused("app").want(t, tokenstate.Suspended, tokenstate.ReasonRefused)
	refused("app-as-it-was-called").want(t, tokenstate.Usable, "")
	refused("").want(t, tokenstate.Suspended, tokenstate.ReasonRefused) // whoever told it knew the UUID alone
}

// Ensure a closed user is due again within minutes: somebody waits for the enable.
func TestClosedIsDueSooner(t *testing.T) {
	s := seen(2000*sec).observe(2001*sec, "kc1", events.Observation{User: &events.UserLook{User: "u1", OfflineAccess: true}})
	r := tokenstate.DefaultRules()
	if got := s.due(2001*sec + r.ClosedSweep - 1); len(got) != 0 {
		t.Errorf("too early: %q", got)
	}
	if got := s.due(2001*sec + r.ClosedSweep); len(got) != 1 || got[0] != "u1" {
		t.Errorf("due: %q", got)
	}
}

// Ensure a tie in time is broken by the more closed side, and not-befores compare as numbers.
func TestTies(t *testing.T) {
	look := func(notBefore events.Seconds) events.Observation {
		return events.Observation{User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true, NotBefore: notBefore}}
	}
	for _, order := range [][2]events.Seconds{{999, 1001}, {1001, 999}} {
		s := newStory().observe(2000*sec, "kc1", look(order[0])).observe(2000*sec, "kc1", look(order[1]))
		s.want(t, tokenstate.Revoked, tokenstate.ReasonUserNotBefore)
	}
	for range again { // two reasons of one state and instant: the smaller cause is named
		s := newStory()
		for _, cause := range []string{"order-b", "order-a", "order-c"} {
			s.tell(events.Message{ID: cause, At: 2000 * sec, Source: events.Operator, Body: &events.Order{Order: "revoke", By: "op", User: "u1", Before: 1500, Tokens: true}})
		}
		if v := s.want(t, tokenstate.Revoked, tokenstate.ReasonOrder); v.Cause != "order-a" {
			t.Fatalf("%+v", v)
		}
	}
}

// Ensure a look that is surely later settles what happened, whichever node took it, and that one which lists
// the event does so whatever its clock says, for realm and client as well.
func TestSettling(t *testing.T) {
	at, skew := 2000*sec, tokenstate.DefaultRules().Skew
	realm := func() *story {
		return seen(1500*sec).event(at, "kc1", events.Happened{Event: "event-r", Kind: "admin", Type: "ACTION REALM", Path: "push-revocation"})
	}
	for _, node := range []string{"kc1", "kc2"} {
		realm().observe(at+skew, node, events.Observation{Realm: &events.RealmLook{Enabled: true}}).inDoubt(t, false)
		realm().observe(at+skew-1, node, events.Observation{Realm: &events.RealmLook{Enabled: true}}).inDoubt(t, true)
	}
	// Clocks that are behind: the log received the looks after the events.
	behind := func(s *story, by events.Millis, node string, o events.Observation) *story {
		return s.tell(events.Message{At: at - by, Received: at + 10, Node: node, Source: events.Listener, Body: &o})
	}
	behind(realm(), 9*sec, "kc2", events.Observation{
		Causes: []events.Cause{{Event: "event-r", Type: "ACTION REALM", At: at, Node: "kc1"}}, Realm: &events.RealmLook{Enabled: true},
	}).inDoubt(t, false)
	client := seen(1500*sec).event(at, "kc1", events.Happened{Event: "event-c", Kind: "admin", Type: "ACTION CLIENT", Path: "clients/c1/push-revocation"})
	client.inDoubt(t, true)
	behind(client, sec, "kc1", events.Observation{
		Causes:  []events.Cause{{Event: "event-c", Type: "ACTION CLIENT", At: at}},
		Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
	}).inDoubt(t, false)
}

// Ensure the deletion of a federated user, whose id may hold slashes, is final, and that of
// something that belongs to them is not.
func TestDeletionOfAFederatedUser(t *testing.T) {
	who := tokenstate.Token{Realm: "demo", User: "f:s:a/b", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: birth}
	for path, dead := range map[string]bool{"users/f:s:a/b": true, "users/f:s:a/b/federated-identity/up": false} {
		s := newStory().event(2000*sec, "n1", events.Happened{Event: "e", Kind: "admin", Type: "DELETE USER", Path: path, User: who.User})
		if v := tokenstate.Judge(who, s.facts, tokenstate.DefaultRules()); (v.Reason == tokenstate.ReasonUserDeleted) != dead || !v.InDoubt {
			t.Errorf("%s: %+v", path, v)
		}
	}
}
