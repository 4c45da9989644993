package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// deleted is a realm of which a listener tells at 2000 s that it was deleted.
func deleted() *story {
	return seen(1900*sec).event(2000*sec, "kc1", events.Happened{Event: "event-d", Kind: "admin", Type: "DELETE REALM", Path: "demo"})
}

// foundGone is what the worker's own look says, or with a node what a listener says.
func (s *story) foundGone(at events.Millis, node string) *story {
	m := events.Message{At: at, Node: node, Source: events.Look, Body: &events.Observation{Realm: &events.RealmLook{Gone: true}}}
	if node != "" {
		m.Source = events.Listener
		m.Body = &events.Observation{Realm: &events.RealmLook{Gone: true}, Causes: []events.Cause{{Event: "event-d", Type: "DELETE REALM", At: 2000 * sec}}}
	}
	return s.tell(m)
}

func (s *story) realmBack(at events.Millis) *story {
	return s.tell(events.Message{At: at, Source: events.Look, Body: &events.Observation{Realm: &events.RealmLook{Enabled: true}}})
}

// Ensure that nothing a listener can say deletes a realm: it raises doubts, which make the worker look. Whoever has the
// listener's password would otherwise end every token and key of a realm for good, by one message.
func TestALoneWordDeletesNoRealm(t *testing.T) {
	for name, s := range map[string]*story{
		"an event": deleted(), "a look": seen(1900*sec).foundGone(2001*sec, "kc1"), "both": deleted().foundGone(2001*sec, "kc1"),
	} {
		if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
			t.Errorf("%s: not in doubt", name)
		}
		if o := s.owner(); !o.Active || o.KeysBefore != 0 || !o.InDoubt {
			t.Errorf("%s: %+v", name, o)
		}
		if due := s.due(2002 * sec); len(due) == 0 || due[0] != "" {
			t.Errorf("%s: the realm is not looked at: %q", name, due)
		}
		s.realmBack(2100 * sec)
		for _, due := range s.due(2101 * sec) {
			if due == "" {
				t.Errorf("%s: the realm is still looked at", name)
			}
		}
		s.want(t, tokenstate.Usable, "")
	}
}

// Ensure that a realm's deletion which was told and seen is final for tokens and keys: the realm that is made anew
// under the same name is another.
func TestARealmsDeletionIsToldAndSeen(t *testing.T) {
	s := deleted().foundGone(2001*sec, "")
	s.want(t, tokenstate.Suspended, tokenstate.ReasonRealmDeleted) // the look might be of before
	if o := s.owner(); o.Active || o.KeysBefore != 0 {
		t.Errorf("%+v", o)
	}
	s.foundGone(2020*sec, "").want(t, tokenstate.Revoked, tokenstate.ReasonRealmDeleted)
	s.realmBack(2100 * sec)
	s.want(t, tokenstate.Revoked, tokenstate.ReasonRealmDeleted)
	if o := s.owner(); !o.Active || o.KeysBefore != 2000 || o.KeysReason != tokenstate.ReasonRealmDeleted {
		t.Errorf("%+v", o)
	}
	s.tell(events.Message{At: 2200 * sec, Source: events.Operator, Body: &events.Pardon{Cause: "event-d"}}).want(t, tokenstate.Usable, "")
}

// Ensure that what was seen before somebody told of a deletion does not confirm it, nor is a realm gone for good that
// nobody told of: another Keycloak may have been asked.
func TestOneOfTheTwoIsNotEnough(t *testing.T) {
	s := seen(1900*sec).foundGone(1950*sec, "").is(t, tokenstate.Suspended).realmBack(1990*sec).is(t, tokenstate.Usable)
	s.event(2000*sec, "kc1", events.Happened{Event: "event-d", Kind: "admin", Type: "DELETE REALM", Path: "demo"}).is(t, tokenstate.Usable)
}

func (s *story) is(t *testing.T, state tokenstate.State) *story {
	t.Helper()
	if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); v.State != state {
		t.Fatalf("want %v, got %+v", state, v)
	}
	return s
}
