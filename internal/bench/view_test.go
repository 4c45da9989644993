package bench

import "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"

// view is what the documented SQL view answers: about one user, and about all.
func view(b *bench) {
	b.population = b.endingNow()
	pool := b.pool(b.database(), 2)
	b.fill(pool)
	b.teach(postgres.New(pool))
	_, err := pool.Exec(b.Context(), "ANALYZE")
	b.must(err)
	rows := 0
	b.row("the view for one user", "ms", atMost(5), milliseconds(b.rounds, func() {
		b.must(pool.QueryRow(b.Context(), "SELECT count(*) FROM tokenstate.offline_token_state WHERE realm = 'demo' AND user_id = $1 AND state = 'usable'",
			b.token(b.n/2).User).Scan(&rows))
	})...)
	if rows != 1 {
		b.Fatalf("one user has %d usable tokens in the view", rows)
	}
	b.row("the view, counted by state, for a million", "s", none, scaled(milliseconds(b.rounds, func() {
		b.must(pool.QueryRow(b.Context(), "SELECT count(*) FROM tokenstate.offline_token_state WHERE state = 'usable'").Scan(&rows))
	}), 1000*float64(b.n)/1e6)...)
	if rows != b.n {
		b.Fatalf("%d tokens are usable in the view, of %d", rows, b.n)
	}
}
