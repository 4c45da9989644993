package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure nothing is sent between taking the feed's head and the commit: whoever waits for the head waits for no round trip of another
// writer.
func TestTheHeadIsHeldForNoRoundTrip(t *testing.T) {
	s, c := tripped(t, newPool(t))
	ctx := t.Context()
	_, err := s.PutToken(ctx, issued(5), nil)
	must(t, err)
	var before int64
	changes := []Name{{"look", "k"}}
	v, err := Write(ctx, s.pool, func(pgx.Tx) ([]Name, error) { before = c.n.Load(); return changes, nil })
	if asked := c.n.Load() - before; v != 2 || err != nil || asked != 1 {
		t.Errorf("version %d, %v, after %d round trips", v, err, asked)
	}
	if v, err = Write(ctx, s.pool, func(pgx.Tx) ([]Name, error) { return nil, nil }); v != 0 || err != nil {
		t.Errorf("nothing changed: version %d, %v", v, err)
	}
}

// Ensure nothing of a transaction stays that fails before its end or at it, and that its connection is whole afterwards.
func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	ctx := t.Context()
	config := newPool(t).Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	must(t, err)
	t.Cleanup(pool.Close)
	s := New(pool)
	refused := errors.New("refused")
	write := func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO tokenstate.import (source, position) VALUES ('s', 'p')")
		return err
	}
	for name, c := range map[string]struct {
		also  string // is done as well
		fault error
	}{
		"the writer": {"SELECT 1", refused},
		"its commit": {"CREATE TABLE a (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES (1), (1)", nil},
	} {
		v, err := Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
			must(t, write(tx))
			_, err := tx.Exec(ctx, c.also)
			must(t, err)
			return []Name{{"look", "k"}}, c.fault
		})
		if err == nil || v != 0 || c.fault != nil && !errors.Is(err, c.fault) {
			t.Errorf("%s: version %d, %v", name, v, err)
		}
	}
	head, err := q.Head(ctx, s.pool)
	must(t, err)
	at, err := s.ImportPosition(ctx, "s")
	if err != nil || at != "" || head.Version != 0 {
		t.Errorf("%q and version %d stay, %v", at, head.Version, err)
	}
}

// Ensure a token is stored in three round trips, of which no tracer sees the first, and that one that is refused leaves the
// connection whole.
func TestATokenTakesThreeRoundTrips(t *testing.T) {
	s, c := tripped(t, newPool(t))
	for i, sealed := range []*Ciphertext{{"k", []byte("five")}, {"k", []byte("six")}, nil} {
		before := c.n.Load()
		_, err := s.PutToken(t.Context(), issued(tokenstate.Seconds(5+i)), sealed)
		if asked := c.n.Load() - before; err != nil || asked != 2 {
			t.Errorf("%d round trips after the first, %v", asked, err)
		}
	}
	verified := issued(9)
	verified.Verified = true
	_, err := s.PutToken(t.Context(), verified, &Ciphertext{"k", []byte("nine")})
	must(t, err)
	made := s.pool.Stat().NewConnsCount()
	for range 3 {
		if _, err := s.PutToken(t.Context(), issued(9), nil); !errors.Is(err, ErrVerifiedStays) {
			t.Error(err)
		}
	}
	if again := s.pool.Stat().NewConnsCount(); again != made {
		t.Errorf("%d connections were made for what was refused", again-made)
	}
}

// Ensure what is stored in a token's place can be found by an index: values that stand in a statement may have a collation by which
// none is used, and then each token that is stored is as slow as there are tokens.
func TestAPlaceIsFoundByAnIndex(t *testing.T) {
	pool := newPool(t)
	must(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off") // which a small table would have
		must(t, err)
		rows, err := tx.Query(t.Context(), "EXPLAIN "+inSeat(issued(5).Token, dbsqlc.StoredToken))
		must(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if !strings.Contains(strings.Join(plan, "\n"), "Index Cond: ") {
			t.Errorf("%s, %v", strings.Join(plan, "\n"), err)
		}
		return nil
	}))
}
