package tokenstate_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure nobody becomes due, or is due no more, before the time that DueAgain says, unless something is learnt.
func TestNobodyIsDueBeforeDueAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fold(rapid.SliceOfN(rapid.Custom(anyMessage), 0, 10).Draw(t, "messages"))
		r := tokenstate.DefaultRules()
		r.Sweep, r.ClosedSweep = 20_000, 5_000
		user, owner := tokenstate.Scope{Realm: "demo", User: "u1"}, rapid.Bool().Draw(t, "owner")
		var tokens []tokenstate.Token
		for _, tok := range rapid.SliceOfN(rapid.Custom(anyToken), 0, 3).Draw(t, "tokens") {
			if tok.User = user.User; rapid.Bool().Draw(t, "expires") {
				tok.Expires = tokenstate.Seconds(rapid.Int64Range(100, 130).Draw(t, "exp"))
			}
			tokens = append(tokens, tok)
		}
		now := tokenstate.Millis(rapid.Int64Range(99_000, 130_000).Draw(t, "now"))
		until := tokenstate.DueAgain(user, tokens, f, r, now)
		if until == 0 {
			until = now + 1_000*r.Sweep
		}
		then := tokenstate.Millis(rapid.Int64Range(int64(now), int64(until)-1).Draw(t, "then"))
		a, dueNow := tokenstate.DueUser(user, tokens, owner, f, r, now)
		b, dueThen := tokenstate.DueUser(user, tokens, owner, f, r, then)
		if a != b || dueNow != dueThen {
			t.Fatalf("at %d due %t %+v, at %d due %t %+v, and again only at %d", now, dueNow, a, then, dueThen, b, until)
		}
	})
}

// Ensure the sweep of a token goes by when its own session was seen, where its user was seen since.
func TestATokenIsSweptByItself(t *testing.T) {
	tok := tokenstate.Token{Realm: "demo", User: "u1", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: 90}
	look := func(id string, at events.Millis, o events.Observation) events.Message {
		return events.Message{ID: id, Realm: "demo", At: at, Received: at, Node: "kc1", Source: events.Listener, Body: &o}
	}
	f := fold([]events.Message{
		look("both", 100_000, events.Observation{User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true}, Rosters: []events.Roster{
			{User: "u1", Complete: true, Sessions: []events.ClientSession{{Session: "s1", Client: "c1", ClientID: "app", User: "u1"}}},
		}}),
		look("user", 150_000, events.Observation{User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true}}),
	})
	r, user := tokenstate.DefaultRules(), tokenstate.Scope{Realm: "demo", User: "u1"}
	if at := tokenstate.DueAgain(user, []tokenstate.Token{tok}, f, r, 160_000); at != 100_000+r.Sweep {
		t.Errorf("due again at %d", at)
	}
}
