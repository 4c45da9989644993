package tokenstate_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// wideMessage is one that may teach something of a realm or a client.
func wideMessage(t *rapid.T) events.Message {
	m := anyMessage(t)
	switch rapid.IntRange(0, 3).Draw(t, "wide") {
	case 0:
		m.Body = &events.Happened{Event: "event-w", Kind: "admin", Type: rapid.SampledFrom([]string{
			"UPDATE REALM", "UPDATE CLIENT", "DELETE CLIENT", "DELETE REALM", "UPDATE GROUP", "UPDATE REALM_ROLE", "UPDATE COMPONENT",
		}).Draw(t, "type"), Path: "clients/c1", Client: "c1"}
	case 1, 2:
		yes := rapid.Bool().Draw(t, "yes")
		m.Body = &events.Observation{
			Realm:   &events.RealmLook{Enabled: rapid.Bool().Draw(t, "enabled"), Gone: rapid.IntRange(0, 4).Draw(t, "gone") == 0, Name: "demo", RefreshOnce: &yes},
			Clients: []events.ClientLook{{Client: "c1", ClientID: rapid.SampledFrom([]string{"app", "new"}).Draw(t, "id"), Enabled: rapid.Bool().Draw(t, "client"), ConsentRequired: &yes}},
			Causes:  []events.Cause{{Event: "event-w", Type: "UPDATE REALM", At: m.At}},
		}
		m.Source = rapid.SampledFrom([]events.Source{events.Listener, events.Look}).Draw(t, "source")
	}
	return m
}

// Ensure what concerns not everybody makes nobody due, and changes no token's day.
func TestWhatConcernsNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, r := fold(rapid.SliceOfN(rapid.Custom(wideMessage), 0, 10).Draw(t, "messages")), tokenstate.DefaultRules()
		r.Skew, r.CacheLag = 500, 0
		tokens := rapid.SliceOfN(rapid.Custom(anyToken), 1, 3).Draw(t, "tokens")
		now := tokenstate.Millis(rapid.Int64Range(99_000, 130_000).Draw(t, "now"))
		then := tokenstate.Join(f, tokenstate.NewFacts())
		for _, row := range tokenstate.Learn(rapid.Custom(wideMessage).Draw(t, "message")).Rows() {
			if ofSomebody(row) || then.ConcernsEverybody(row) {
				continue
			}
			row.AddTo(then)
			for _, tok := range tokens {
				user := tokenstate.Scope{Realm: "demo", User: tok.User}
				a, due := tokenstate.DueUser(user, []tokenstate.Token{tok}, true, f, r, now)
				b, dueThen := tokenstate.DueUser(user, []tokenstate.Token{tok}, true, then, r, now)
				v, w := tokenstate.Judge(tok, f, r), tokenstate.Judge(tok, then, r)
				if a != b || due != dueThen || v.State != w.State || v.CheckedAt != w.CheckedAt {
					t.Fatalf("%+v concerns somebody: due %t %+v, then %t %+v; %+v, then %+v", row, due, a, dueThen, b, v, w)
				}
			}
		}
	})
}

func ofSomebody(r tokenstate.Row) bool {
	var s tokenstate.Scope
	switch r := r.(type) {
	case tokenstate.StandingRow:
		s = r.Subject.Scope
	case tokenstate.LookRow:
		s = r.Scope
	case tokenstate.SightingRow:
		s = r.ID.Seat
	case tokenstate.DoubtRow:
		s = r.ID.Doubt.Scope
	case tokenstate.RefusalRow:
		s = r.ID.Scope
	case tokenstate.CutoffRow:
		s = r.Scope
	}
	return s.User != "" || s.Session != ""
}
