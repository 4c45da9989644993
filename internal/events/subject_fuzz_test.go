package events_test

import (
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

// FuzzArrived: a message arrives on its own subject and on no other, whatever its realm is called, and the
// realm's token holds nothing that NATS reads as more than a token.
func FuzzArrived(f *testing.F) {
	for _, realm := range []string{"demo", "Acme", "North Star", "acme.prod", "a*b>c", "=41", "", "_", "\x00", "\xff", strings.Repeat("é", 127)} {
		f.Add(realm, "tokenstate.v1.demo.pardon.cause", "demo")
		f.Add("demo", "tokenstate.v1.demo.event.LOGOUT", realm)
	}
	f.Fuzz(func(t *testing.T, realm, subject, other string) {
		m := events.Message{ID: "m", Realm: realm, Source: events.Operator, Body: &events.Pardon{Cause: "c", Reason: "r"}}
		own := events.Subject(m)
		if _, err := events.Arrived(m, own, 1); err != nil && realm != "" {
			t.Fatalf("%q on its own subject %q: %v", realm, own, err)
		}
		if _, err := events.Arrived(m, subject, 1); err == nil && !strings.HasPrefix(subject, events.SubjectPrefix+events.RealmToken(realm)+".pardon.") {
			t.Fatalf("%q arrived on %q", realm, subject)
		} else if err != nil && !events.IsReject(err) {
			t.Fatalf("%q on %q: %v", realm, subject, err)
		}
		if strings.ContainsAny(events.RealmToken(realm), ". *>\t\r\n\x00") || realm != other && events.RealmToken(realm) == events.RealmToken(other) {
			t.Fatalf("%q and %q: %q", realm, other, events.RealmToken(realm))
		}
	})
}
