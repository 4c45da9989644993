package tokenstate_test

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Few names and few instants, so that ties, repeats and contradictions are the rule.
var (
	nodes    = rapid.SampledFrom([]string{"", "kc1", "kc2"})
	users    = rapid.SampledFrom([]string{"u1", "u2"})
	sessions = rapid.SampledFrom([]string{"s1", "s2", "s3"})
	clients  = rapid.SampledFrom([]string{"c1", "c2"})
	instants = rapid.Int64Range(99_000, 104_000)
	names    = map[string]string{"c1": "app", "c2": "app2"}
)

func anyMessage(t *rapid.T) events.Message {
	at := events.Millis(instants.Draw(t, "at"))
	m := events.Message{
		ID: "message-" + rapid.StringMatching(`[a-z]{6}`).Draw(t, "id"), Realm: "demo", At: at,
		Received: at + events.Millis(rapid.Int64Range(-200, 500).Draw(t, "lag")),
		Node:     nodes.Draw(t, "node"), Server: "26.7.3", Source: events.Listener,
	}
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		m.Body = anyEvent(t)
	case 1, 2:
		m.Body = anyLook(t, at)
	case 3:
		m.Body = anyOrder(t)
	}
	return m
}

func anyEvent(t *rapid.T) *events.Happened {
	h := &events.Happened{
		Event: "event-" + rapid.StringMatching(`[a-c]`).Draw(t, "event"), Kind: "user", User: users.Draw(t, "user"),
		Session: sessions.Draw(t, "session"), Client: clients.Draw(t, "client"),
	}
	h.Type = rapid.SampledFrom([]string{"LOGOUT", "LOGIN", "REVOKE_GRANT", "DELETE_ACCOUNT", "REFRESH_TOKEN_ERROR", "CLIENT_DELETE"}).Draw(t, "type")
	h.Details = map[string]string{"refresh_token_type": rapid.SampledFrom([]string{"Offline", "Refresh"}).Draw(t, "rtt")}
	return h
}

func anyLook(t *rapid.T, at events.Millis) *events.Observation {
	user := users.Draw(t, "user")
	o := &events.Observation{
		User:  &events.UserLook{User: user, Enabled: rapid.Bool().Draw(t, "enabled"), OfflineAccess: rapid.Bool().Draw(t, "offline"), NotBefore: events.Seconds(rapid.Int64Range(0, 103).Draw(t, "nb"))},
		Realm: &events.RealmLook{Enabled: rapid.Bool().Draw(t, "realm")},
	}
	o.User.Store = rapid.SampledFrom([]string{"", "", "ldap-1", "ldap-2"}).Draw(t, "store")
	switch rapid.IntRange(0, 5).Draw(t, "person") {
	case 0:
		o.User = &events.UserLook{User: user, Gone: true}
	case 1:
		o.User = nil // of the sessions alone
	}
	ro := events.Roster{User: user, Complete: rapid.Bool().Draw(t, "complete")}
	for range rapid.IntRange(0, 3).Draw(t, "n") {
		c := clients.Draw(t, "client")
		ro.Sessions = append(ro.Sessions, events.ClientSession{Session: sessions.Draw(t, "session"), Client: c, ClientID: names[c], Start: events.Seconds(rapid.Int64Range(0, 104).Draw(t, "start"))})
		o.Clients = append(o.Clients, events.ClientLook{Client: c, ClientID: names[c], Enabled: rapid.Bool().Draw(t, "cl")})
	}
	o.Rosters = []events.Roster{ro}
	if rapid.Bool().Draw(t, "page") {
		o.Users = []events.UserSeen{{User: users.Draw(t, "seen"), Enabled: rapid.Bool().Draw(t, "on"), NotBefore: events.Seconds(rapid.Int64Range(0, 103).Draw(t, "unb"))}}
		o.Rosters = append(o.Rosters, events.Roster{Client: clients.Draw(t, "of"), Sessions: []events.ClientSession{{Session: sessions.Draw(t, "shown"), Client: clients.Draw(t, "with")}}})
	}
	if rapid.Bool().Draw(t, "caused") {
		o.Causes = []events.Cause{{Event: "event-" + rapid.StringMatching(`[a-c]`).Draw(t, "cause"), Type: "LOGOUT", Session: sessions.Draw(t, "named"), At: at - 10}}
	}
	return o
}

func anyOrder(t *rapid.T) events.Body {
	if rapid.Bool().Draw(t, "pardon") {
		return &events.Pardon{Cause: "event-" + rapid.StringMatching(`[a-c]`).Draw(t, "cause"), By: "op", Reason: "mistake"}
	}
	return &events.Order{
		Order: rapid.SampledFrom([]string{"revoke", "standing", "refresh"}).Draw(t, "order"), By: "op",
		User: users.Draw(t, "user"), Client: clients.Draw(t, "client"), Session: sessions.Draw(t, "session"), Tokens: true, Keys: rapid.Bool().Draw(t, "keys"),
		Before: events.Seconds(rapid.Int64Range(98, 104).Draw(t, "before")), IssuedAt: events.Seconds(rapid.Int64Range(98, 104).Draw(t, "iat")), Refused: rapid.Bool().Draw(t, "refused"),
	}
}

func fold(ms []events.Message) tokenstate.Facts {
	f := tokenstate.NewFacts()
	for _, m := range ms {
		f.Add(tokenstate.Learn(m))
	}
	return f
}

// Ensure duplicates, reordering and splitting change nothing: replay is recovery.
func TestFoldIsAJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(rapid.Custom(anyMessage), 0, 12).Draw(t, "messages")
		want := fold(ms)

		again := append(append([]events.Message{}, ms...), ms...)
		seed := rapid.Int64().Draw(t, "seed")
		rand.New(rand.NewSource(seed)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		if d := cmp.Diff(want, fold(again)); d != "" {
			t.Fatalf("shuffled and doubled:\n%s", d)
		}
		one := tokenstate.NewFacts()
		for _, m := range again {
			one.Learn(m)
		}
		if d := cmp.Diff(want, one); d != "" {
			t.Fatalf("learnt by the same facts, one after the other:\n%s", d)
		}
		cut := rapid.IntRange(0, len(ms)).Draw(t, "cut")
		if d := cmp.Diff(want, tokenstate.Join(fold(ms[cut:]), fold(ms[:cut]))); d != "" {
			t.Fatalf("Fold(A ∪ B) ≠ Join(Fold B, Fold A):\n%s", d)
		}
		if d := cmp.Diff(want, tokenstate.Join(want, want)); d != "" {
			t.Fatalf("not idempotent:\n%s", d)
		}
	})
}

// Ensure Join changes neither of its arguments.
func TestJoinLeavesItsArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.Custom(anyMessage), 1, 6)
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		fa, fb := fold(a), fold(b)
		tokenstate.Join(fa, fb)
		if !cmp.Equal(fa, fold(a)) || !cmp.Equal(fb, fold(b)) {
			t.Fatal("an argument was changed")
		}
	})
}

// Ensure a final fact is never undone but by its pardon: whatever is learnt besides, a token
// from before a cutoff stays revoked.
func TestCutoffIsFinalUntilPardoned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := events.Message{
			ID: "order-of-operator", Realm: "demo", At: 101_000, Received: 101_000, Source: events.Operator,
			Body: &events.Order{Order: "revoke", By: "op", User: "u1", Before: 100, Tokens: true},
		}
		f := fold(rapid.SliceOfN(rapid.Custom(anyMessage), 0, 10).Draw(t, "messages"))
		tok := tokenstate.Token{Realm: "demo", User: "u1", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: 99}
		before := tokenstate.Judge(tok, f, tokenstate.DefaultRules())

		f.Add(tokenstate.Learn(order))
		if v := tokenstate.Judge(tok, f, tokenstate.DefaultRules()); v.State != tokenstate.Revoked {
			t.Fatalf("revoked by order, but %+v", v)
		}
		f.Add(tokenstate.Learn(events.Message{
			ID: "pardon-1", Realm: "demo", At: 102_000, Received: 102_000, Source: events.Operator,
			Body: &events.Pardon{Cause: "order-of-operator", By: "op", Reason: "mistake"},
		}))
		f.Add(tokenstate.Learn(order)) // a late duplicate
		if d := cmp.Diff(before, tokenstate.Judge(tok, f, tokenstate.DefaultRules())); d != "" {
			t.Fatalf("a pardon restores exactly what the order took:\n%s", d)
		}
	})
}
