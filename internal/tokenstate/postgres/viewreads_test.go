package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// rowsRead is how many rows of tables a query reads, wherever it finds them. What its server process has read before, and has
// not reported yet, is counted there as well.
func rowsRead(ctx context.Context, t *testing.T, s *Store, query string) (rows int) {
	t.Helper()
	const counted = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
	before := 0
	must(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, counted).Scan(&before); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, query); err != nil {
			return err
		}
		return tx.QueryRow(ctx, counted).Scan(&rows)
	}))
	return rows - before
}

// Ensure the view reads about one user what is known of that user, and about all so many times as much: also where the
// planner knows nothing of the tables, as after a restore, and where it knows all.
func TestViewReadsLittle(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s := New(pool)
	for _, table := range []string{"offline_token", "fact_standing", "fact_sighting", "fact_look", "fact_cutoff", "fact_refusal", "fact_doubt"} {
		_, err := pool.Exec(ctx, "ALTER TABLE tokenstate."+table+" SET (autovacuum_enabled = false)")
		must(t, err)
	}
	const users, aToken = 3000, 40
	var rows []tokenstate.Row
	_, err := pool.Exec(ctx, `INSERT INTO tokenstate.offline_token (realm, user_id, client, client_id, session, issued_at_s, custody)
		SELECT 'demo', 'user-of-a-usual-length-' || i, 'c1', 'app', 'session-of-a-usual-length-' || i, 10, 'tracked' FROM generate_series(1, $1) i`, users)
	must(t, err)
	for i := 1; i <= users; i++ {
		user := tokenstate.Scope{Realm: "demo", User: fmt.Sprint("user-of-a-usual-length-", i)}
		rows = append(rows,
			tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: user, Authority: tokenstate.Keycloak}, Node: "a", Value: tokenstate.Standing{At: 50_000, Cause: "e"}},
			tokenstate.LookRow{Scope: user, Node: "a", Value: tokenstate.Look{At: 50_000, Cause: "e"}},
			tokenstate.SightingRow{
				ID: tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: "demo", Client: "c1", Session: fmt.Sprint("session-of-a-usual-length-", i)}}, Node: "a",
				Value: tokenstate.Sighting{At: 50_000, Second: 10, Cause: "e"},
			})
	}
	must(t, force(ctx, s, tokenstate.FactsOf(rows)))
	for _, known := range []string{"nothing", "all"} {
		if known == "all" {
			_, err := pool.Exec(ctx, "ANALYZE")
			must(t, err)
		}
		if n := rowsRead(ctx, t, s, "SELECT * FROM tokenstate.offline_token_state WHERE realm = 'demo' AND user_id = 'user-of-a-usual-length-500'"); n > aToken {
			t.Errorf("the planner knows %s: about one user of %d it reads %d rows", known, users, n)
		}
		if n := rowsRead(ctx, t, s, "SELECT * FROM tokenstate.offline_token_state"); n > users*aToken {
			t.Errorf("the planner knows %s: about %d tokens it reads %d rows", known, users, n)
		}
	}
}
