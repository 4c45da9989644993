package asking

import (
	"fmt"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const sid = "0a1b2c3d-0000-4000-8000-00000000%04d" // the longest that Keycloak has made

// manySessions is a user of n sessions with one client, of which every second lives.
func manySessions(n int) (whole events.Roster, tokens []tokenstate.Token) {
	const client = "7a36af02-5a11-4d4d-8391-d3c24a6e4b81"
	whole = events.Roster{User: "9c1de0aa-5a11-4d4d-8391-d3c24a6e4b81", Client: client, Complete: true}
	for i := range n {
		session := fmt.Sprintf(sid, i)
		if i%2 == 0 {
			whole.Sessions = append(whole.Sessions, events.ClientSession{Session: session, Client: client, Start: 1_795_000_000, Ends: 1_797_592_000, Life: 2_592_000})
		}
		tokens = append(tokens, tokenstate.Token{Realm: "demo", User: whole.User, Client: client, ClientID: "app", Session: session, IssuedAt: 1_795_000_000})
	}
	return whole, tokens
}

// Ensure a user with more sessions than a message holds is settled, token by token, in messages that the log takes.
func TestManySessionsAreNamed(t *testing.T) {
	whole, tokens := manySessions(1500)
	first, more := observations(&events.Observation{User: &events.UserLook{User: whole.User, Enabled: true, OfflineAccess: true}}, []events.Roster{whole}, tokens)
	f := tokenstate.NewFacts()
	for _, o := range append(more, first) {
		m := observation("demo", events.Millis(1_795_000_100_000).Time(), o)
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := events.Decode(raw); err != nil {
			t.Fatal(err)
		}
		f.Add(tokenstate.Learn(m))
	}
	f.Add(tokenstate.Learn(events.Message{ID: "00000000-look", Realm: "demo", At: 1_795_000_050_000, Source: events.Operator, Body: &events.Order{Order: events.OrderLook, By: "op", User: whole.User}}))
	for i, tok := range tokens {
		v := tokenstate.Judge(tok, f, tokenstate.DefaultRules())
		if lives := i%2 == 0; (v.State == tokenstate.Usable) != lives || v.InDoubt {
			t.Fatalf("token %d: %+v", i, v)
		}
	}
}

// Ensure a look that fits says all in one message, with the roster whole.
func TestFewSessionsAreOneMessage(t *testing.T) {
	whole, tokens := manySessions(10)
	o, more := observations(&events.Observation{}, []events.Roster{whole}, tokens)
	if len(more) != 0 || len(o.Rosters) != 1 || !o.Rosters[0].Complete || len(o.Rosters[0].Sessions) != 5 {
		t.Fatalf("%+v %+v", o, more)
	}
}

// Ensure a user of more clients than a message has rosters is looked at in messages that the log takes.
func TestLargestLookFits(t *testing.T) {
	for clients, sessions := range map[int]int{100: 3, 300: 0} {
		var all []events.Roster
		var tokens []tokenstate.Token
		for range clients {
			whole, some := manySessions(sessions)
			all, tokens = append(all, whole), some
		}
		first, more := observations(&events.Observation{}, all, tokens)
		for _, o := range append(more, first) {
			raw, err := events.Encode(observation("demo", events.Millis(1_795_000_100_000).Time(), o))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := events.Decode(raw); err != nil {
				t.Fatal(err)
			}
		}
	}
}
