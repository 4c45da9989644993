package workertest

import (
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// User and Session are a few, so that messages meet.
func User(n int) string { return fmt.Sprintf("user-%d", n%7) }

// Session is like User.
func Session(n int) string { return fmt.Sprintf("session-%d", n%11) }

// recently is near the log's time: what arrives much later than it was sent is looked at again.
func recently() events.Millis { return events.Millis(time.Now().Add(-30 * time.Second).UnixMilli()) }

// Message number n of a history with every kind of message.
func (w *World) Message(n int) events.Message {
	at := w.began + events.Millis(n)*100
	m := events.Message{ID: fmt.Sprintf("message-%06d", n), Realm: "demo", At: at, Node: "n1", Server: "26.7.3", Source: events.Listener}
	event := fmt.Sprintf("event-%06d", n)
	switch n % 8 {
	case 0:
		m.Body = &events.Happened{Event: event, Kind: "user", Type: "LOGOUT", User: User(n), Session: Session(n), Details: map[string]string{"username": "do-not-keep"}}
	case 1:
		m.Body = &events.Observation{
			Causes: []events.Cause{{Event: fmt.Sprintf("event-%06d", n-1), Type: "LOGOUT", Session: Session(n - 1), At: at - 100}},
			User:   &events.UserLook{User: User(n - 1), Enabled: n%3 > 0, OfflineAccess: true},
			Rosters: []events.Roster{{User: User(n - 1), Complete: true, Sessions: []events.ClientSession{
				{Session: Session(n), Client: "c1", ClientID: "app", Start: 1_700_000_000},
			}}},
		}
	case 2:
		m.Body = &events.Observation{
			Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
			Realm:   &events.RealmLook{Enabled: true},
		}
	case 3:
		m.Source, m.Node = events.Authapi, ""
		m.Body = &events.Order{
			Order: events.OrderRefresh, By: "authapi", User: User(n), Session: Session(n), Client: "c1",
			IssuedAt: 1_700_000_000, Refused: n%2 > 0, RetryAt: at + 60_000,
		}
	case 4:
		m.Source, m.Node = events.Authapi, ""
		m.Body = &events.Order{Order: events.OrderStanding, By: "backend", User: User(n), Enabled: n%3 == 0, Reason: "because"}
	case 5:
		m.Source, m.Node = events.Operator, ""
		m.Body = &events.Order{Order: events.OrderRevoke, By: "operator", User: User(n), Before: at.Second() - 1000, Tokens: true, Reason: "because"}
	case 6:
		m.Source, m.Node = events.Backfill, ""
		m.Body = &events.Happened{Event: event, Kind: "admin", Type: "UPDATE USER", Path: "users/" + User(n)}
	default:
		m.Node = "n2"
		m.Body = &events.Heartbeat{}
	}
	return m
}

// History publishes messages from, …, to-1 and waits until they are applied.
func (w *World) History(from, to int) {
	w.T.Helper()
	var seq uint64
	for n := from; n < to; n++ {
		m := w.Message(n)
		raw, err := events.Encode(m)
		Must(w.T, err)
		seq = w.Say(events.Subject(m), m.ID, raw)
	}
	w.Applied(seq)
}

// Token is of User n and Session n.
func Token(n int) tokenstate.Token {
	return tokenstate.Token{Realm: "demo", User: User(n), ClientID: "app", Session: Session(n), IssuedAt: 1_699_999_000}
}

// Plain is a token of now.
func Plain(user, session string) tokenstate.Token {
	return tokenstate.Token{Realm: "demo", User: user, ClientID: "app", Session: session, IssuedAt: tokenstate.Seconds(time.Now().Unix())}
}

// Tracked registers tokens of users and says what their verdicts are.
func (w *World) Tracked(ts ...tokenstate.Token) func() map[string]string {
	w.T.Helper()
	for _, t := range ts {
		_, err := w.Store.PutToken(w.T.Context(), postgres.StoredToken{Token: t, Custody: "tracked"}, nil)
		Must(w.T, err)
	}
	return func() map[string]string {
		w.T.Helper()
		f, _, err := w.Store.Facts(w.T.Context())
		Must(w.T, err)
		out := map[string]string{}
		for _, t := range ts {
			out[t.User+" "+t.Session] = tokenstate.Judge(t, f, tokenstate.DefaultRules()).State.String()
		}
		return out
	}
}
