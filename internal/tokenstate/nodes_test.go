package tokenstate_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// at is when two nodes disagree in these tests; until then all was seen and open.
const at = 2000 * sec

func (s *story) enabled(at events.Millis, node string, enabled bool) *story {
	return s.observe(at, node, events.Observation{User: &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true}})
}

func (s *story) wantDue(t *testing.T, want bool, now events.Millis) *story {
	t.Helper()
	if due := slices.Contains(s.due(now), "u1"); due != want {
		t.Fatalf("at %d due=%v, want %v", now, due, want)
	}
	return s
}

// Ensure a user who was enabled on one node within the skew of being disabled on another stays
// suspended only until somebody has looked again: the two looks have no order.
func TestNodesDisagreeAboutAUser(t *testing.T) {
	r := tokenstate.DefaultRules()
	for _, open := range []events.Millis{at - r.Skew, at, at + 1, at + r.Skew} {
		s := seen(at-100*sec).enabled(at, "kc2", false).enabled(open, "kc1", true)
		s.wantDue(t, true, at+1)
		s.want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
		s.enabled(at+r.Skew+r.CacheLag, "", true).wantDue(t, true, at+60*sec) // it may show what was before
		s.enabled(at+r.Skew+r.CacheLag+1, "", true).wantDue(t, false, at+60*sec)
		s.want(t, tokenstate.Usable, "")
		again := seen(at-100*sec).enabled(at, "kc2", false).enabled(open, "kc1", true)
		again.enabled(at+r.Skew+1, "kc1", true).wantDue(t, false, at+60*sec).want(t, tokenstate.Usable, "")
	}
	before := seen(at-100*sec).enabled(at-r.Skew-1, "kc1", true).enabled(at, "kc2", false)
	before.wantDue(t, false, at+1) // the order is known: nothing but the sweep for closed ones asks again
	before.wantDue(t, true, at+r.ClosedSweep)
}

// Ensure a session that one node shows ended and another lists is looked at until a look is surely
// later than both, whatever it says.
func TestNodesDisagreeAboutASession(t *testing.T) {
	r := tokenstate.DefaultRules()
	gone := func(listed events.Millis) *story {
		return seen(at-100*sec).look(at, "kc1", nil, logout(at)).look(listed, "kc2", alive(birth)).wantDue(t, true, at+1)
	}
	for _, listed := range []events.Millis{at - r.Skew, at, at + r.Skew} {
		late := max(at, listed) + r.Skew + r.CacheLag + 1
		s := gone(listed)
		s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
		s.look(late, "", nil).wantDue(t, false, late+1).want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
		gone(listed).look(late, "", alive(birth)).wantDue(t, false, late+1).want(t, tokenstate.Usable, "")
	}
	same := seen(at-100*sec).look(at-1, "kc1", alive(birth)).look(at, "kc1", nil, logout(at))
	same.wantDue(t, false, at+1) // one node, one clock
}

// Ensure a look settles no doubt of a later event, though the node's clock is ahead of the log's
// and the event's time counts as the log's.
func TestAClockAheadSettlesNothingLater(t *testing.T) {
	ahead := func(received events.Millis, body events.Body) events.Message {
		return events.Message{At: received + 3*sec, Received: received, Node: "kc2", Source: events.Listener, Body: body}
	}
	event := func(id string) *events.Happened {
		return &events.Happened{Event: id, Kind: "user", Type: "LOGOUT", User: "u1", Session: "s1"}
	}
	first := events.Cause{Event: "event-1", Type: "LOGOUT", Session: "s1", At: at + 3*sec}
	s := newStory().tell(ahead(at, event("event-1"))).tell(ahead(at+1, &events.Observation{
		Causes: []events.Cause{first}, Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	}))
	s.inDoubt(t, false)
	s.tell(ahead(at+sec, event("event-2"))).inDoubt(t, true)
}

// cluster is a user with one session, as two nodes know them, each by a clock of its own.
type cluster struct {
	*story
	now            events.Millis
	ahead          map[string]events.Millis // of the log's clock; "" is the worker's look
	enabled, lives bool
}

// change is what somebody does on one node: its listener tells the event and looks, and what it
// sees is the truth of that moment.
func (c *cluster) change(t *rapid.T) {
	c.now += events.Millis(rapid.Int64Range(0, 4000).Draw(t, "pause"))
	node := rapid.SampledFrom([]string{"kc1", "kc2"}).Draw(t, "node")
	h := events.Happened{Event: "event-" + rapid.StringMatching(`[a-z]{8}`).Draw(t, "event"), Kind: "admin", Type: "UPDATE USER", Path: "users/u1", User: "u1"}
	switch {
	case rapid.Bool().Draw(t, "standing"):
		c.enabled = !c.enabled
	case c.lives:
		c.lives, h.Kind, h.Type, h.Path, h.Session = false, "user", "LOGOUT", "", "s1"
	default: // by single sign-on, under the same sid
		c.lives, h.Kind, h.Type, h.Path, h.Session = true, "user", "LOGIN", "", "s1"
	}
	happened := c.now + c.ahead[node]
	c.say(node, &h)
	if h.Type == "LOGIN" {
		c.now += 500
	}
	c.now++
	c.say(node, c.sees(events.Roster{User: "u1"}, events.Cause{Event: h.Event, Type: h.Type, Session: h.Session, At: happened}))
}

func (c *cluster) say(node string, b events.Body) {
	c.tell(events.Message{
		ID: "message-" + c.now.Time().Format("150405.000"), At: c.now + c.ahead[node], Received: c.now, Node: node, Source: events.Listener, Body: b,
	})
}

func (c *cluster) sees(ro events.Roster, causes ...events.Cause) *events.Observation {
	ro.Complete = true
	if c.lives {
		ro.Sessions = alive(0)
	}
	return &events.Observation{
		Causes: causes, Rosters: []events.Roster{ro}, Realm: &events.RealmLook{Enabled: true},
		User: &events.UserLook{User: "u1", Enabled: c.enabled, OfflineAccess: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
	}
}

// Ensure that whatever is done on two nodes whose clocks differ by no more than the skew, looks come
// to an end, and the verdict is then the truth.
func TestLooksEndAtTheTruth(t *testing.T) {
	r := tokenstate.DefaultRules()
	skew := rapid.Int64Range(-int64(r.Skew), int64(r.Skew))
	rapid.Check(t, func(t *rapid.T) {
		c := &cluster{story: newStory(), now: at, enabled: true, lives: true, ahead: map[string]events.Millis{"kc2": events.Millis(skew.Draw(t, "kc2"))}}
		c.ahead[""] = c.ahead[rapid.SampledFrom([]string{"kc1", "kc2"}).Draw(t, "asked")]
		c.say("kc1", c.sees(events.Roster{User: "u1"}))
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			c.change(t)
		}
		for end := c.now + 60*sec; ; c.now += 700 {
			if c.now > end {
				t.Fatal("somebody is due for ever")
			}
			if !slices.Contains(c.due(c.now), "u1") {
				break
			}
			c.say("", c.sees(events.Roster{User: "u1", Client: "c1"}))
		}
		v := tokenstate.Judge(token, c.facts, r)
		if usable := c.enabled && c.lives; (v.State == tokenstate.Usable) != usable || v.InDoubt {
			t.Fatalf("enabled=%v, lives=%v, nobody is due, and the verdict is %+v", c.enabled, c.lives, v)
		}
	})
}
