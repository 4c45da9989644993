package events_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure an admin event says who did it, and that ids beyond their bounds are refused without being repeated.
func TestActor(t *testing.T) {
	raw, err := os.ReadFile("testdata/java/admin-disables-user.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := events.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := m.Body.(*events.Happened)
	if h == nil || h.Actor == nil || *h.Actor != (events.Actor{User: "a1", Client: "c9", Realm: "r1"}) {
		t.Errorf("the event says %+v", h)
	}
	long := strings.Replace(string(raw), `"user":"a1"`, `"user":"`+strings.Repeat("CANARY", 50)+`"`, 1)
	if _, err := events.Decode([]byte(long)); err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("an actor beyond the bounds: %v", err)
	}
}
