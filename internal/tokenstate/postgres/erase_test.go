package postgres

import (
	"bytes"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure an erasure takes what was stored before its order first arrived, and spares what came later: when it is read again, what
// is later is the user's anew.
func TestErase(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	arrived := time.Now().Add(-time.Hour).UnixMilli()
	for id, received := range map[string]int64{"line-before": arrived - 1, "the-order": arrived, "line-later": arrived + 1} {
		m, raw := told(t, id, "u")
		_, err := s.Relearn(ctx, Learnt{
			Journal: []journal.Line{{ID: id, Received: tokenstate.Millis(received), Realm: "demo", Class: "event", Raw: raw, About: m.About()}}, Facts: tokenstate.NewFacts(),
		})
		must(t, err)
	}
	for session, stored := range map[string]int64{"before": arrived, "later": arrived + clocksApart + 1} {
		token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: session, IssuedAt: 5}
		_, err := s.PutToken(ctx, StoredToken{Token: token}, nil)
		must(t, err)
		_, err = s.pool.Exec(ctx, "UPDATE tokenstate.offline_token SET registered_at = $1 WHERE session = $2", time.UnixMilli(stored), session)
		must(t, err)
	}
	_, err := s.Relearn(ctx, Learnt{Facts: tokenstate.NewFacts(), Erase: []tokenstate.Erasure{{User: tokenstate.Scope{Realm: "demo", User: "u"}, Order: "the-order"}}})
	must(t, err)
	has, err := s.JournalHas(ctx, []string{"line-before", "line-later"})
	if must(t, err); bytes.Contains(has["line-before"].Raw, []byte("do-not-keep")) || !bytes.Contains(has["line-later"].Raw, []byte("do-not-keep")) {
		t.Errorf("the journal has %s and %s", has["line-before"].Raw, has["line-later"].Raw)
	}
	left, err := s.ListTokens(ctx)
	if must(t, err); len(left) != 1 || left[0].Token.Session != "later" {
		t.Errorf("left are %+v", left)
	}
}
