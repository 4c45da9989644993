package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure refusals that an earlier program has stored get the client_id that their order told, as a replay gives it to
// them; and that one whose order the journal no longer has stays as it is, which is of any name.
func TestRefusalsGetTheirClientID(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s := New(pool)
	m := events.Message{
		ID: "order-of-a-refusal", Realm: "demo", At: 5000, Source: events.Authapi,
		Body: &events.Order{Order: events.OrderRefresh, By: "authapi", User: "u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: 3, Refused: true},
	}
	raw, err := events.Encode(m)
	must(t, err)
	f := tokenstate.Learn(m)
	_, err = s.Apply(ctx, journal.Batch{
		To:    journal.Floor{Stream: "S", Seq: 1, Digest: "d"},
		Lines: []journal.Line{{ID: m.ID, Seq: 1, Realm: "demo", Class: "order", Raw: raw}}, Facts: f,
	})
	must(t, err)
	_, err = pool.Exec(ctx, "UPDATE tokenstate.journal SET raw = $1", raw) // programs before this migration kept it as it came
	must(t, err)
	_, err = pool.Exec(ctx, "UPDATE tokenstate.fact_refusal SET key = ''")
	must(t, err)
	_, err = pool.Exec(ctx, `INSERT INTO tokenstate.fact_refusal (realm, user_id, client, session, key, issued_at_s, at_ms, tie, refused, retry_at_ms, reason, cause)
		VALUES ('demo', 'u', 'c1', 's', '', 9, 1, '', true, 0, '', 'an-order-that-was-pruned')`)
	must(t, err)
	text, err := schema.FS.ReadFile("migrations/00067_refusal_client_id.sql")
	must(t, err)
	update, _, _ := strings.Cut(string(text), "CREATE OR REPLACE VIEW")
	_, err = pool.Exec(ctx, update)
	must(t, err)
	known, _, err := s.Facts(ctx)
	must(t, err)
	keys := map[tokenstate.Seconds]string{}
	for _, r := range known.RefusalRows() {
		keys[r.ID.IssuedAt] = r.ID.Scope.Key
	}
	if keys[3] != "app" || keys[9] != "" || len(keys) != 2 {
		t.Errorf("the refusals are of %v", keys)
	}
	if !f.Equal(tokenstate.FactsOf(without(known.Rows(), 9))) {
		t.Error("after the migration the tables hold something else than a replay learns")
	}
}

func without(rows []tokenstate.Row, issued tokenstate.Seconds) (kept []tokenstate.Row) {
	for _, r := range rows {
		if x, ok := r.(tokenstate.RefusalRow); !ok || x.ID.IssuedAt != issued {
			kept = append(kept, r)
		}
	}
	return kept
}
