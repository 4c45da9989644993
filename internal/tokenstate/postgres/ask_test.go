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

// Ensure who follows the feed asks once for status and names, and once for all that is named.
func TestNewsIsTwoRoundTrips(t *testing.T) {
	s, c := tripped(t, newPool(t))
	must(t, force(t.Context(), s, someFacts(1)))
	before := c.n.Load()
	n := s.since(t, 0)
	if n.Version != 1 || len(n.Changes) != 1 || n.Status.Epoch != 1 || n.Status.Rules.Sweep == 0 || n.Status.Now == 0 {
		t.Errorf("%+v", n)
	}
	if asked := c.n.Load() - before; asked != 2 {
		t.Errorf("%d round trips", asked)
	}
}

// Ensure all that is asked together is of one state, also if somebody writes meanwhile; and that a fault leaves the connection to
// nobody.
func TestWhatIsAskedTogetherIsOfOneState(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	head := func(v *view, last bool) (version int64) {
		must(t, v.ask(ctx, last, []Question{{SQL: dbsqlc.Head}}, func(db dbsqlc.DBTX) error {
			h, err := q.Head(ctx, db)
			version = h.Version
			return err
		}))
		return version
	}
	must(t, s.view(ctx, func(v *view) error {
		before := head(v, false)
		must(t, force(ctx, s, someFacts(1)))
		if after := head(v, true); after != before {
			t.Errorf("version %d, and then %d", before, after)
		}
		return nil
	}))
	fault := s.view(ctx, func(v *view) error {
		return v.ask(ctx, true, []Question{{SQL: "SELECT 1/0"}}, func(db dbsqlc.DBTX) error {
			_, err := db.Exec(ctx, "")
			return err
		})
	})
	if fault == nil {
		t.Error("a fault is not told")
	}
	_, err := s.Status(ctx)
	must(t, err)
}
