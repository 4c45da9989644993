package tokenstate

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure a token that is older than its session, which was made anew under the same sid, is dead;
// and that a later look over the admin API, which knows the user session's earlier start only,
// does not bring it back.
func TestASessionMadeAnew(t *testing.T) {
	look := func(node string, at events.Millis, start events.Seconds) events.Message {
		return events.Message{ID: "a-look", Realm: "demo", Node: node, At: at, Received: at, Source: events.Look, Body: &events.Observation{
			User:    &events.UserLook{User: "u", Enabled: true, OfflineAccess: true},
			Rosters: []events.Roster{{User: "u", Complete: true, Sessions: []events.ClientSession{{Session: "s", Client: "c", Start: start}}}},
		}}
	}
	token := func(iat Seconds) Token {
		return Token{Realm: "demo", User: "u", Client: "c", ClientID: "app", Session: "s", IssuedAt: iat}
	}
	byListener := Learn(look("n1", 200_000, 150))
	both := Join(byListener, Learn(look("", 300_000, 120)))
	onlyAdmin := Learn(look("", 300_000, 120))
	for _, c := range []struct {
		name string
		f    Facts
		iat  Seconds
		want State
	}{
		{"older than the client session", byListener, 148, Revoked},
		{"of the second before", byListener, 149, Usable},
		{"older than the client session, and a later look knows less", both, 148, Revoked},
		{"younger", both, 149, Usable},
		{"older than the user session", onlyAdmin, 118, Revoked},
		{"between the two: the admin API cannot know", onlyAdmin, 130, Usable},
	} {
		if v := Judge(token(c.iat), c.f, DefaultRules()); v.State != c.want {
			t.Errorf("%s: %s %s, not %s", c.name, v.State, v.Reason, c.want)
		}
	}
}
