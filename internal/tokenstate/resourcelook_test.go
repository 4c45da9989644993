package tokenstate_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// inside is a look through the resource of a node's jar, by that node's clock.
func (s *story) inside(at, received events.Millis, node string, o events.Observation) *story {
	return s.tell(events.Message{ID: "inside-" + received.Time().Format("150405.000"), At: at, Received: received, Node: node, Source: events.Look, Body: &o})
}

func wholeLook(enabled bool) events.Observation {
	return events.Observation{
		User:    &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	}
}

// Ensure that a look through a node's resource settles what was told before it by more than the skew, and no more:
// it reads rows, and so nothing of it is stale.
func TestLooksThroughANodesResource(t *testing.T) {
	r := tokenstate.DefaultRules()
	rapid.Check(t, func(t *rapid.T) {
		raised := at + events.Millis(rapid.Int64Range(-100, 100).Draw(t, "event"))
		looked := at + events.Millis(rapid.Int64Range(-30_000, 30_000).Draw(t, "look"))
		node := rapid.SampledFrom([]string{"kc1", "kc2"}).Draw(t, "node")
		s := seen(at-100*sec).event(raised, "kc1", events.Happened{Event: "event-1", Type: "LOGOUT", User: "u1", Session: "s1"})
		s.inside(looked, looked+50, node, wholeLook(true))
		settled := looked >= raised+r.Skew
		if v := tokenstate.Judge(token, s.facts, r); v.InDoubt == settled {
			t.Fatalf("event of kc1 at %d, look of %s at %d: in doubt %v", raised, node, looked, v.InDoubt)
		}
	})
}

// Ensure that such a look settles no doubt of the next seconds where the node's clock is ahead.
func TestALookOfANodeAheadSettlesNothingLater(t *testing.T) {
	s := seen(at-100*sec).inside(at+3*sec, at, "kc1", wholeLook(true))
	h := events.Happened{Event: "event-2", Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1"}
	s.tell(events.Message{At: at + 4*sec, Received: at + sec, Node: "kc1", Source: events.Listener, Body: &h})
	s.inDoubt(t, true)
	s.inside(at+10*sec, at+7*sec, "kc1", wholeLook(true)).inDoubt(t, false)
}

// Ensure that a look of a node far behind the log does not have the last word, and that one of a
// node too far ahead is only a doubt, as what their listeners tell.
func TestALookOfANodeWithAnotherClockIsADoubt(t *testing.T) {
	for name, off := range map[string]events.Millis{"behind": -tokenstate.MaxBehind - sec, "ahead": tokenstate.MaxAhead + sec} {
		s := seen(at-200*sec).look(at-100*sec, "kc2", alive(birth)).inside(at+off, at, "kc1", wholeLook(true))
		s.wantDue(t, true, at+1)
		s.inDoubt(t, true)
		if t.Failed() {
			t.Log(name)
		}
	}
	s := seen(at - 200*sec).tell(events.Message{ID: "old-admin-look", At: at - 2*tokenstate.MaxBehind, Received: at, Source: events.Look, Body: new(wholeLook(true))})
	s.inDoubt(t, false) // nobody's node: its time is reckoned by our clock
}

func TestPageTells(t *testing.T) {
	r := tokenstate.DefaultRules()
	user := tokenstate.Scope{Realm: "demo", User: "u1"}
	as := tokenstate.PageUser{Enabled: true, OfflineAccess: true}
	disabled, other, without := as, as, as
	disabled.Enabled, other.NotBefore, without.OfflineAccess = false, 7, false
	never := newStory()
	open := seen(at)
	closed := seen(at-sec).enabled(at+r.Skew, "kc1", false)
	gone := seen(at).observe(at+10*sec, "kc1", events.Observation{User: &events.UserLook{User: "u1", Gone: true}})
	soon, late := at+r.Skew+sec, at+r.Sweep/2
	for name, c := range map[string]struct {
		s         *story
		p         tokenstate.PageUser
		now       events.Millis
		tell, ask bool
	}{
		"never looked at":             {never, as, soon, true, false},
		"as known":                    {open, as, soon, false, false},
		"as known, long ago":          {open, as, late, true, false},
		"disabled since":              {open, disabled, soon, true, false},
		"another not-before":          {open, other, soon, true, false},
		"without the role":            {open, without, soon, false, true},
		"without the role, long ago":  {open, without, late, false, true},
		"disabled as known":           {closed, disabled, soon, false, false},
		"disabled as known, a while":  {closed, disabled, at + r.Skew + r.ClosedSweep/2, true, false},
		"enabled since":               {closed, as, soon, true, false},
		"listed though known as gone": {gone, as, soon, true, false},
	} {
		if tell, ask := tokenstate.PageTells(user, c.p, c.s.facts, r, c.now); tell != c.tell || ask != c.ask {
			t.Errorf("%s: tell %v, ask %v", name, tell, ask)
		}
	}
	if tokenstate.KnownGone(user, open.facts, r) || !tokenstate.KnownGone(user, gone.facts, r) {
		t.Error("who is known to be gone")
	}
}
