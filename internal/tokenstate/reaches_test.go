package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a look at a realm that does not list the event which has put it in question reaches all in it, unless it is
// surely later; and that one that lists it reaches nobody.
func TestALookThatUnsettlesReachesMany(t *testing.T) {
	message := func(id string, at events.Millis, body events.Body) events.Message {
		return events.Message{ID: id, Realm: "demo", At: at, Received: at, Node: "kc1", Source: events.Listener, Body: body}
	}
	look := func(at events.Millis, event string) events.Message {
		return message("look-of-"+event, at, &events.Observation{
			Realm:  &events.RealmLook{Enabled: true},
			Causes: []events.Cause{{Event: event, Type: "ACTION REALM", At: at}},
		})
	}
	happened := &events.Happened{Event: "event-a", Kind: "admin", Type: "ACTION REALM", Path: "x", CommittedBy: 100_000}
	known := []events.Message{message("told", 100_000, happened), look(100_100, "event-a")}
	rules := tokenstate.DefaultRules()
	for _, c := range []struct {
		next events.Message
		many bool
	}{
		{look(101_000, "event-b"), true},
		{look(101_000, "event-a"), false},
		{look(101_000+rules.Skew, "event-b"), false},
	} {
		f, many := fold(known), false
		for _, r := range tokenstate.Learn(c.next).Rows() {
			many = many || f.ReachesMany(r, rules)
			r.AddTo(f)
		}
		if many != c.many {
			t.Errorf("%s at %d reaches many: %t", c.next.ID, c.next.At, many)
		}
	}
}
