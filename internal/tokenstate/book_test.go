package tokenstate_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Texts of every kind: our own words, short ones that repeat, ids, and whatever a directory may call somebody.
var (
	texts = rapid.OneOf(
		rapid.SampledFrom([]string{"", "sessions", "consent", "!", "kc1", "vanished", "user_deleted", "a", "b"}),
		rapid.SampledFrom([]string{"c2f0a4c8-6b1e-4c0e-9d39-000000000001", "c2f0a4c8-6b1e-4c0e-9d39-000000000002", "f:ldap:cn=Ä,ou=людей"}),
		rapid.StringN(0, 255, 255), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 300), func(b []byte) string { return string(b) }),
	)
	numbers = rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 5), rapid.Int64Range(1_790_000_000_000, 1_790_000_100_000))
)

func anyRow(t *rapid.T) tokenstate.Row {
	text := func(name string) string { return texts.Draw(t, name) }
	millis := func(name string) tokenstate.Millis { return tokenstate.Millis(numbers.Draw(t, name)) }
	seconds := func(name string) tokenstate.Seconds { return tokenstate.Seconds(numbers.Draw(t, name)) }
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	s := tokenstate.Scope{Realm: rapid.SampledFrom([]string{"demo", "other"}).Draw(t, "realm")}
	for _, part := range []*string{&s.User, &s.Client, &s.Session, &s.Key} {
		if yes("with") {
			*part = text("part")
		}
	}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		by := rapid.SampledFrom([]tokenstate.Authority{tokenstate.Keycloak, tokenstate.Backend}).Draw(t, "authority")
		return tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: s, Authority: by}, Node: text("node"), Value: tokenstate.Standing{
			At: millis("at"), Gone: yes("gone"), Disabled: yes("disabled"), NoOffline: yes("no"), NotBefore: seconds("nb"), ClientID: text("id"), Cause: text("cause"),
		}}
	case 1:
		return tokenstate.LookRow{Scope: s, Node: text("node"), Value: tokenstate.Look{At: millis("at"), Cause: text("cause")}}
	case 2:
		return tokenstate.SightingRow{ID: tokenstate.SightingKey{Seat: s, Gone: yes("gone")}, Node: text("node"), Value: tokenstate.Sighting{
			At: millis("at"), Start: seconds("start"), Second: seconds("second"), Cause: text("cause"), Owner: text("owner"),
		}}
	case 3:
		return tokenstate.RefusalRow{ID: tokenstate.RefusalKey{Scope: s, IssuedAt: seconds("iat")}, Value: tokenstate.Refusal{
			At: millis("at"), Refused: yes("refused"), RetryAt: millis("retry"), Reason: text("reason"), Cause: text("cause"),
		}}
	case 4:
		return tokenstate.CutoffRow{Scope: s, Cause: text("cause"), Value: tokenstate.Cutoff{
			Before: seconds("before"), At: millis("at"), Tokens: yes("tokens"), Keys: yes("keys"), Reason: text("reason"),
		}}
	case 5:
		return tokenstate.PardonRow{Cause: text("cause"), Value: tokenstate.Pardoned{At: millis("at"), By: text("by"), Reason: text("reason")}}
	}
	return tokenstate.DoubtRow{
		ID:   tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: s, Beneath: yes("beneath")}, Settled: yes("settled")},
		Node: text("node"), Value: tokenstate.Raised{At: millis("at"), Event: text("event")},
	}
}

// Ensure sheets give back each fact as it was given, whatever its texts and numbers are, and in the order of the dump.
func TestSheetsGiveBackWhatTheyWereGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, want := tokenstate.NewFacts(), map[string]tokenstate.Row{}
		for _, r := range rapid.SliceOfN(rapid.Custom(anyRow), 0, 40).Draw(t, "rows") {
			r.SetIn(f)
			want[r.Kind()+r.RowKey()] = r
		}
		rows := f.Rows()
		if len(rows) != len(want) {
			t.Fatalf("%d rows of %d", len(rows), len(want))
		}
		for _, r := range rows {
			if want[r.Kind()+r.RowKey()] != r {
				t.Fatalf("got  %+v\nwant %+v", r, want[r.Kind()+r.RowKey()])
			}
		}
		if again := tokenstate.FactsOf(rows); !again.Equal(f) {
			t.Fatal("the facts of these rows are others")
		}
	})
}

// Ensure a subject of very many facts is like any other: it has a sheet that is not folded at each change.
func TestALargeSheet(t *testing.T) {
	f, user := tokenstate.NewFacts(), tokenstate.Scope{Realm: "demo", User: "u1"}
	const keys = 10_000
	for i := range keys {
		key := user
		key.Key = fmt.Sprintf("key-%05d", i)
		tokenstate.CutoffRow{Scope: key, Cause: "order", Value: tokenstate.Cutoff{Before: 100, Keys: true, Reason: "revoked"}}.AddTo(f)
	}
	for i := range keys {
		if _, _, cut := f.KeyCut("demo", "u1", fmt.Sprintf("key-%05d", i)); !cut {
			t.Fatalf("key %d is not cut off", i)
		}
	}
	if n := len(f.CutoffRows()); n != keys {
		t.Errorf("%d rows", n)
	}
}
