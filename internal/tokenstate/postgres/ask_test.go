package postgres

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// trips counts round trips.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// tripped is a store whose round trips are counted.
func tripped(t *testing.T, pool *pgxpool.Pool) (*Store, *trips) {
	t.Helper()
	config, c := pool.Config(), &trips{}
	config.ConnConfig.Tracer = c
	counted, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(counted.Close)
	return New(counted), c
}

// Ensure who follows the feed asks once for all there is, status and versions, and leaves no transaction behind.
func TestNewsIsOneRoundTrip(t *testing.T) {
	s, c := tripped(t, newPool(t))
	must(t, force(t.Context(), s, someFacts(1)))
	before := c.n.Load()
	n, err := s.News(t.Context(), 0, 10)
	if err != nil || n.Gap != nil || len(n.Versions) != 1 || n.More || n.Status.Epoch != 1 || n.Status.Rules.Sweep == 0 || n.Status.Now == 0 {
		t.Errorf("%+v, %v", n, err)
	}
	if asked := c.n.Load() - before; asked != 1 {
		t.Errorf("%d round trips", asked)
	}
	must(t, force(t.Context(), s, someFacts(2)))
	if n, err = s.News(t.Context(), 0, 1); err != nil || len(n.Versions) != 1 || !n.More {
		t.Errorf("one of two versions: %+v, %v", n, err)
	}
}

// Ensure all that is asked together is of one state, also if somebody writes meanwhile; and that a fault leaves the connection to
// nobody.
func TestWhatIsAskedTogetherIsOfOneState(t *testing.T) {
	s := New(newPool(t))
	err := s.ask(t.Context(), []question{{sql: dbsqlc.Head}, {sql: "SHOW transaction_isolation"}}, func(db dbsqlc.DBTX) error {
		if _, err := q.Head(t.Context(), db); err != nil {
			return err
		}
		var level string
		if err := db.QueryRow(t.Context(), "").Scan(&level); err != nil || level != "repeatable read" {
			t.Errorf("%q, %v", level, err)
		}
		return nil
	})
	must(t, err)
	if err := s.ask(t.Context(), []question{{sql: "SELECT 1/0"}}, func(db dbsqlc.DBTX) error {
		_, err := db.Exec(t.Context(), "")
		return err
	}); err == nil {
		t.Error("a fault is not told")
	}
	_, err = s.Status(t.Context())
	must(t, err)
}
