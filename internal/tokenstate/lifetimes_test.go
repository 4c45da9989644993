package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func updated(typ, path, event string) events.Happened {
	return events.Happened{Event: event, Kind: "admin", Type: typ, Path: path}
}

// Ensure that a lifetime, of the realm or of a client, which was shortened and restored leaves
// nobody revoked whom a look saw between the two, and nobody unasked: pages alone make it good,
// and without the listener, too.
func TestLifetimesShortenedAndRestored(t *testing.T) {
	for typ, path := range map[string]string{"UPDATE REALM": "", "UPDATE CLIENT": "clients/c1"} {
		s := seen(2000 * sec)
		row := func(at events.Millis, event string) {
			h := updated(typ, path, event)
			s.tell(events.Message{ID: event + "/b", At: at, Source: events.Backfill, Body: &h})
		}
		row(2100*sec, "shortened")
		s.look(2101*sec, "", nil) // for whatever else happened to the user
		s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
		row(2102*sec, "restored")
		s.itself(2130*sec).wantDue(t, true, 2131*sec)
		s.page(2140*sec, open(0), alive(birth))
		if v := s.want(t, tokenstate.Usable, ""); v.InDoubt {
			t.Errorf("%s: in doubt after a page has shown it", typ)
		}
		s.wantDue(t, false, 2141*sec)
	}
}

// Ensure an update of one client asks for nobody of another.
func TestLifetimesOfAnotherClient(t *testing.T) {
	s := seen(2000 * sec)
	s.event(2100*sec, "kc1", updated("UPDATE CLIENT", "clients/c2", "event-u"))
	s.wantDue(t, false, 2101*sec).inDoubt(t, false)
}

// Ensure that what a node far behind the log tells is believed, for it may only be late, and looked
// at again, for it may be the last that happened: its clock puts it before what others saw earlier.
func TestLateMessagesAreLookedAtAgain(t *testing.T) {
	behind := 180 * sec
	for name, tell := range map[string]func(*story){
		"a look": func(s *story) {
			s.tell(events.Message{ID: "slow", At: at - behind, Received: at, Node: "kc1", Source: events.Listener, Body: &events.Observation{
				User: &events.UserLook{User: "u1", OfflineAccess: true},
			}})
		},
		"an event": func(s *story) {
			h := updated("UPDATE USER", "users/u1", "event-slow")
			s.tell(events.Message{ID: "slow", At: at - behind, Received: at, Node: "kc1", Source: events.Listener, Body: &h})
		},
	} {
		s := seen(at-200*sec).look(at-100*sec, "kc2", alive(birth))
		tell(s)
		s.wantDue(t, true, at+1)
		s.inDoubt(t, true)
		again := at + tokenstate.DefaultRules().Skew + tokenstate.DefaultRules().CacheLag + 1
		s.observe(again, "", events.Observation{
			User: &events.UserLook{User: "u1", OfflineAccess: true}, Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
		})
		s.want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
		if t.Failed() {
			t.Log(name)
		}
	}
}

// Ensure a token that a node with a slow clock issued after an event of another is not cut for good.
func TestCutoffsOfEventsSpareTheSkew(t *testing.T) {
	r := tokenstate.DefaultRules()
	for _, h := range []events.Happened{
		{Event: "event-1", Kind: "admin", Type: "DELETE USER", Path: "users/u1"},
		{Event: "event-1", Kind: "admin", Type: "DELETE REALM"},
		{Event: "event-1", Type: "REVOKE_GRANT", User: "u1", Session: "s1", Client: "c1", Details: map[string]string{"refresh_token_type": "Offline"}},
	} {
		seen := func(s *story) *story {
			return s.foundGone(birth.Millis()+100*sec, "").realmBack(birth.Millis() + 200*sec)
		}
		seen(newStory().event((birth+events.Seconds(r.Skew/sec)).Millis(), "kc1", h)).want(t, tokenstate.Usable, "")
		s := seen(newStory().event((birth + 2 + events.Seconds(r.Skew/sec)).Millis(), "kc1", h))
		if v := tokenstate.Judge(token, s.facts, r); v.State != tokenstate.Revoked {
			t.Errorf("%s: %+v", h.Type, v)
		}
	}
}
