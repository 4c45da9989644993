package events_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure each realm's name has the token that the vectors say, which the listener's tests read, too.
func TestRealmTokens(t *testing.T) {
	raw, err := os.ReadFile("testdata/realm_tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]string
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 10 {
		t.Fatal(len(vectors), err)
	}
	for name, want := range vectors {
		if got := events.RealmToken(name); got != want || !events.ValidRealm(name) {
			t.Errorf("%q: token %q, want %q; valid: %t", name, got, want, events.ValidRealm(name))
		}
	}
}

// Ensure a message of any realm travels: its subject is one that NATS takes, it arrives with the
// realm's own name, and no other realm's subject is taken for it.
func TestAnyRealmTravels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		realm := rapid.StringN(1, 60, 255).Filter(events.ValidRealm).Draw(t, "realm")
		other := rapid.StringN(1, 60, 255).Filter(events.ValidRealm).Draw(t, "other")
		m := events.Message{
			ID: "00000000-0000-0000-0000-000000000001", Realm: realm, Source: events.Operator,
			Body: &events.Order{Order: events.OrderLook, By: "test"},
		}
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := events.Decode(raw)
		if err != nil || got.Realm != realm {
			t.Fatalf("%q arrives as %q: %v", realm, got.Realm, err)
		}
		subject := events.Subject(m)
		if strings.Count(subject, ".") != 4 || strings.ContainsAny(subject, " \t\r\n*>\x00") {
			t.Fatalf("NATS does not take %q", subject)
		}
		if _, err := events.Arrived(got, subject, 1); err != nil {
			t.Fatal(err)
		}
		m.Realm = other
		if _, err := events.Arrived(got, events.Subject(m), 1); (err == nil) != (other == realm) {
			t.Fatalf("%q on the subject of %q: %v", realm, other, err)
		}
	})
}

// Ensure what names no realm is refused.
func TestNoRealm(t *testing.T) {
	for _, name := range []string{"", "_", "a\nb", "a\x00", "\xff", strings.Repeat("a", 256)} {
		if events.ValidRealm(name) {
			t.Errorf("%q is taken", name)
		}
	}
}
