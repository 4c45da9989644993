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

// Ensure a doubt is settled only by what is surely later: a look later by more than the skew, and over the admin
// API by the cache lag as well, or one that lists the event as its cause. A look of the same node is no exception.
func TestOnlySurelyLaterSettles(t *testing.T) {
	r := tokenstate.DefaultRules()
	at := 2000 * sec
	for node, after := range map[string]events.Millis{"kc1": r.Skew, "kc2": r.Skew, "": r.Skew + r.CacheLag} {
		doubted(at, "kc1").look(at+after-1, node, alive(birth)).inDoubt(t, true)
		doubted(at, "kc1").look(at+after, node, alive(birth)).inDoubt(t, false)
	}
	// A look whose clock is behind, but which was taken for that very event, and came after it.
	doubted(at, "kc1").tell(events.Message{At: at - 500, Received: at + 1, Node: "kc1", Source: events.Listener, Body: &events.Observation{
		Causes: []events.Cause{logout(at)}, Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	}}).inDoubt(t, false)
	// A look for an older event of the same user settles that one and no more.
	older := logout(at - 600)
	older.Event = "event-older"
	doubted(at, "kc1").look(at-500, "kc1", alive(birth), older).inDoubt(t, true)
	doubted(at, "kc1").look(at+1, "kc1", alive(birth), older, logout(at)).inDoubt(t, false)
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
	backfilled().look(read+r.Skew, "kc1", alive(birth)).inDoubt(t, false)
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
// "gone" within skew and cache lag, as two looks of one node would.
func TestAdminLooksAreNobodys(t *testing.T) {
	at := 1000*sec + 900
	newStory().look(at, "", nil, logout(at-100)).look(at+1, "", alive(0)).
		want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	later := at + tokenstate.DefaultRules().Skew + tokenstate.DefaultRules().CacheLag
	newStory().look(at, "", nil, logout(at-100)).look(later, "", alive(0)).want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	newStory().look(at, "", nil, logout(at-100)).look(later+1, "", alive(0)).want(t, tokenstate.Usable, "")
}

// Ensure a later look that does not know the client session's start does not hide the start
// that an earlier one saw.
func TestUnknownStartHidesNothing(t *testing.T) {
	newStory().look(2000*sec, "kc1", alive(birth+2)).look(3000*sec, "", alive(0)).
		want(t, tokenstate.Revoked, tokenstate.ReasonSessionRestart)
}

// Ensure a role that is deleted leaves a token in doubt until its client was looked at, which asks for that look: a client may
// have lost offline access with it, which no look at the realm or at the user shows.
func TestADeletedRoleDoubtsEachClient(t *testing.T) {
	client := tokenstate.Scope{Realm: "demo", Client: "c1"}
	s := newStory().asks(1000*sec, false)
	s.inDoubt(t, false)
	s.event(1100*sec, "kc1", events.Happened{Event: "event-role", Kind: "admin", Type: "DELETE REALM_ROLE", Path: "roles/offline_access"})
	s.observe(1200*sec, "kc1", events.Observation{
		Realm:   &events.RealmLook{Enabled: true},
		User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	})
	s.inDoubt(t, true)
	if w, due := tokenstate.DueItself(client, s.facts, tokenstate.DefaultRules(), 1201*sec); !due || !w.Urgent {
		t.Errorf("the client is not asked about: %+v, %t", w, due)
	}
	s.called(1300*sec, "c1", "app").inDoubt(t, false)
	if w, due := tokenstate.DueItself(client, s.facts, tokenstate.DefaultRules(), 1301*sec); due {
		t.Errorf("the client is asked about again: %+v", w)
	}
}
