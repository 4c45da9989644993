package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func (s *story) inDoubt(t *testing.T, want bool) {
	t.Helper()
	if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); v.InDoubt != want {
		t.Fatalf("want in_doubt=%v, got %+v", want, v)
	}
}

func doubted(at events.Millis, node string) *story {
	return newStory().event(at, node, events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"})
}

// Ensure a doubt is settled only by what is surely later: a look of the same node, one later
// by more than skew and cache lag, or one that lists the event as its cause.
func TestOnlySurelyLaterSettles(t *testing.T) {
	r := tokenstate.DefaultRules()
	at := 2000 * sec
	doubted(at, "kc1").look(at, "kc1", alive(birth)).inDoubt(t, false)
	doubted(at, "kc1").look(at-1, "kc1", alive(birth)).inDoubt(t, true)
	doubted(at, "kc1").look(at+r.Skew+r.CacheLag-1, "kc2", alive(birth)).inDoubt(t, true)
	doubted(at, "kc1").look(at+r.Skew+r.CacheLag, "kc2", alive(birth)).inDoubt(t, false)
	// A look whose clock is behind, but which was taken for that very event, and came after it.
	doubted(at, "kc1").tell(events.Message{At: at - 500, Received: at + 1, Node: "kc1", Source: events.Listener, Body: &events.Observation{
		Causes: []events.Cause{logout(at)}, Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	}}).inDoubt(t, false)
	// A look for an older event of the same user settles that one and no more.
	doubted(at, "kc1").look(at-500, "kc1", alive(birth), logout(at-600)).inDoubt(t, true)
}

// Ensure a backfilled event is dated by the log: its row may be old and its node is unknown,
// so a look from before it was read settles nothing.
func TestBackfilledDoubtIsDatedReceived(t *testing.T) {
	r := tokenstate.DefaultRules()
	read := 5000 * sec
	backfilled := func() *story {
		return newStory().tell(events.Message{
			At: 2000 * sec, Received: read, Source: events.Backfill,
			Body: &events.Happened{Event: "event-logout", Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1"},
		})
	}
	backfilled().look(3000*sec, "kc1", alive(birth)).inDoubt(t, true)
	backfilled().look(read+r.Skew+r.CacheLag, "kc1", alive(birth)).inDoubt(t, false)
}

// Ensure a cutoff reaches only what it says: an order on keys leaves tokens alone and the
// other way round.
func TestCutoffReachesWhatItSays(t *testing.T) {
	order := func(tokens, keys bool) *story {
		return newStory().tell(events.Message{At: 2000 * sec, Source: events.Operator, Body: &events.Order{
			Order: "revoke", By: "op", User: "u1", Before: 1500, Tokens: tokens, Keys: keys,
		}})
	}
	keys := order(false, true)
	keys.want(t, tokenstate.Usable, "")
	if o := tokenstate.Owner("demo", "u1", keys.facts, tokenstate.DefaultRules()); o.KeysBefore != 1500 {
		t.Fatalf("%+v", o)
	}
	tokens := order(true, false)
	tokens.want(t, tokenstate.Revoked, tokenstate.ReasonOrder)
	if o := tokenstate.Owner("demo", "u1", tokens.facts, tokenstate.DefaultRules()); o.KeysBefore != 0 {
		t.Fatalf("%+v", o)
	}
}

// Ensure looks over the admin API, which may come from any node, do not lift each other's
// "gone" within the skew, as two looks of one node would.
func TestAdminLooksAreNobodys(t *testing.T) {
	at := 1000*sec + 900
	newStory().look(at, "", nil, logout(at-100)).look(at+1, "", alive(0)).
		want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	newStory().look(at, "", nil, logout(at-100)).look(at+tokenstate.DefaultRules().Skew+1, "", alive(0)).
		want(t, tokenstate.Usable, "")
}

// Ensure a later look that does not know the client session's start does not hide the start
// that an earlier one saw.
func TestUnknownStartHidesNothing(t *testing.T) {
	newStory().look(2000*sec, "kc1", alive(birth+2)).look(3000*sec, "", alive(0)).
		want(t, tokenstate.Revoked, tokenstate.ReasonSessionRestart)
}
