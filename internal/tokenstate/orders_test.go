package tokenstate_test

import (
	"reflect"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure the orders that facts are made into teach the same facts again, and that the log takes them.
func TestOrdersOfFactsTeachThemAgain(t *testing.T) {
	f := tokenstate.NewFacts()
	for id, o := range map[string]*events.Order{
		"order-standing": {Order: events.OrderStanding, User: "u", Enabled: false, CredentialsRevokedBefore: 1_700_000_100},
		"order-enabling": {Order: events.OrderStanding, User: "v", Enabled: true},
		"order-revoking": {Order: events.OrderRevoke, User: "u", Before: 1_700_000_001, Tokens: true, Keys: true},
		"order-session1": {Order: events.OrderRevoke, Session: "s", Client: "c", Before: 1_700_000_001, Tokens: true},
		"order-keyrevok": {Order: events.OrderKeyRevoked, User: "u", Key: "k"},
	} {
		o.By, o.Reason = "service:x", "r"
		f.Add(tokenstate.Learn(events.Message{ID: id, Realm: "demo", At: 1_700_000_000_000, Received: 1_700_000_000_000, Source: events.Authapi, Body: o}))
	}
	again := tokenstate.NewFacts()
	ms := tokenstate.OrdersOf(f.Rows(), "authapi:remembered")
	for _, m := range ms {
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		if _, err := events.Decode(raw); err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		again.Add(tokenstate.Learn(m))
	}
	if len(ms) != 5 || !reflect.DeepEqual(f.Rows(), again.Rows()) {
		t.Errorf("%d orders: %+v\nwant %+v", len(ms), again.Rows(), f.Rows())
	}
}
