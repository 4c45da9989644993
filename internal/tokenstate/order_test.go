package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// from is a message of kc1 that took a while to reach the log, or of a clock that is ahead of the log's.
func from(at, received events.Millis, body events.Body) events.Message {
	return events.Message{ID: "message-" + received.Time().Format("05.000"), At: at, Received: received, Node: "kc1", Source: events.Listener, Body: body}
}

// Ensure a deletion cuts nothing that is later than the log, whatever the clock of its node says.
func TestACutoffIsNotLaterThanTheLog(t *testing.T) {
	h := events.Happened{Event: "event-1", Kind: "admin", Type: "DELETE USER", Path: "users/u1", User: "u1"}
	s := newStory().tell(from(2030*sec, 2000*sec, &h))
	if c := s.facts.CutoffRows()[0]; c.Scope != (tokenstate.Scope{Realm: "demo", User: "u1"}) || c.Cause != "event-1" || c.Value.Before != 2000 {
		t.Errorf("cut before %d", c.Value.Before)
	}
}

// Ensure an event that was told long after its time is not settled by the look that lists it: another event that
// was told before may have been forgotten for it.
func TestAnEventToldLateStandsByItself(t *testing.T) {
	h := events.Happened{Event: "event-logout", Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1"}
	for after, doubt := range map[events.Millis]bool{tokenstate.NearClock: false, tokenstate.NearClock + 1: true} {
		s := newStory().tell(from(2000*sec, 2000*sec+after, &h))
		s.look(2000*sec+after, "kc1", alive(birth), logout(2000*sec)).inDoubt(t, doubt)
	}
}

// Ensure that of two events of a node the one that was committed last is remembered, and not the one that the log was
// told of last: the look that lists the earlier one came before the later was committed.
func TestTheLastCommittedEventOfANodeIsRemembered(t *testing.T) {
	disabled := func(event string, committed, received events.Millis) events.Message {
		m := from(committed-10, received, &events.Happened{
			Event: event, Kind: "admin", Type: "UPDATE USER", Path: "users/u1", User: "u1", CommittedBy: committed,
		})
		m.ID = event
		return m
	}
	at := 2000 * sec
	cause := events.Cause{Event: "event-1", Type: "UPDATE USER", At: at}
	s := newStory().look(at+50, "kc1", alive(birth), cause).tell(disabled("event-2", at+100, at+101))
	s.tell(disabled("event-1", at, at+3*sec)).inDoubt(t, true)
	cause.Event = "event-2"
	s.look(at+150, "kc1", alive(birth), cause).inDoubt(t, false)
}

// Ensure a commit that is said to lie far ahead of the log keeps nobody in doubt until then.
func TestACommitFarAheadCountsFromWhenItWasTold(t *testing.T) {
	r, at := tokenstate.DefaultRules(), 2000*sec
	h := events.Happened{Event: "event-logout", Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1", CommittedBy: at + tokenstate.MaxAhead + 1}
	newStory().tell(from(at, at, &h)).look(at+r.Skew, "kc1", alive(birth)).inDoubt(t, false)
}

// Ensure one node's clock and the log's may differ by a second, though no skew is supported.
func TestOneNodeAndTheLogMayDifferByASecond(t *testing.T) {
	at, r := 2000*sec, tokenstate.Rules{Margin: 2_000, Sweep: 3600_000, ClosedSweep: 300_000}
	for after, doubt := range map[events.Millis]bool{999: true, 1000: false} {
		s := doubted(at, "kc1").look(at+after, "kc1", alive(birth))
		if v := tokenstate.Judge(token, s.facts, r); v.InDoubt != doubt {
			t.Errorf("a look %d ms later: %+v", after, v)
		}
	}
}

// Ensure a token that a look missed while it was too young is in doubt, and due once it is old enough, although another
// node listed it: the session may have been removed between the two.
func TestAnEarlyLookIsNotAnsweredByAnotherNode(t *testing.T) {
	r := tokenstate.DefaultRules()
	born := birth.Millis()
	s := seen(born-100*sec).look(born+3*sec, "kc2", alive(birth)).look(born+2*sec, "kc1", nil)
	if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
		t.Error("not in doubt")
	}
	s.wantDue(t, true, born+r.Margin)
	s.look(born+r.Margin, "kc1", nil).want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
	surely := seen(born-100*sec).look(born+2*sec, "kc1", nil).look(born+2*sec+r.Skew+1, "kc2", alive(birth))
	if v := surely.wantDue(t, false, born+r.Margin).want(t, tokenstate.Usable, ""); v.InDoubt {
		t.Error("in doubt, though listed since")
	}
}

// Ensure a named end reaches tokens of its second by Keycloak's clock, which wrote their iat, also where that is ahead
// of the log's.
func TestANamedEndIsOfKeycloaksSecond(t *testing.T) {
	at := birth.Millis() + 500
	s := newStory().tell(from(at, at-3*sec, &events.Happened{Event: "event-logout", Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1"}))
	s.tell(from(at+1, at-3*sec+1, &events.Observation{
		Causes: []events.Cause{logout(at)}, Rosters: []events.Roster{{User: "u1", Complete: true}},
	})).want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
}
