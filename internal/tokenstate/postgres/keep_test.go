package postgres

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure pruning keeps the version that readers stand at, and that who is behind loads again.
func TestPruneFeed(t *testing.T) {
	s := New(newPool(t))
	ctx := t.Context()
	for i := range tokenstate.Millis(5) {
		must(t, force(ctx, s, someFacts(i+1)))
	}
	head, err := q.Head(ctx, s.pool)
	must(t, err)
	if n, err := s.PruneFeed(ctx, time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Fatalf("%d young rows were pruned, %v", n, err)
	}
	if n, err := s.PruneFeed(ctx, time.Now().Add(time.Hour)); err != nil || n == 0 {
		t.Fatalf("%d rows were pruned, %v", n, err)
	}
	if n, err := s.News(ctx, 1, nil); err != nil || !errors.Is(n.Gap, ErrPruned) {
		t.Errorf("a reader that is behind: %v", err)
	}
	if n := s.since(t, head.Version); n.Was != head.Nonce || n.Version != head.Version || len(n.Changes) != 0 {
		t.Errorf("a reader at the head: %+v", n)
	}
	must(t, force(ctx, s, someFacts(9)))
	if n := s.since(t, head.Version); n.Was != head.Nonce || n.Version != head.Version+1 || len(n.Changes) != 1 {
		t.Errorf("what came after: %+v", n)
	}
	must(t, s.Freeze(ctx, false, func(_ context.Context, z Frozen) error {
		holes, err := z.FeedHoles(ctx)
		if holes != 0 {
			t.Errorf("%d holes", holes)
		}
		return err
	}))
}

// Ensure whoever compares everything may take as long as who loads a snapshot, unless others wait for it.
func TestAFrozenDatabaseIsReadUnhurried(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	var ours string
	must(t, s.pool.QueryRow(ctx, "SHOW statement_timeout").Scan(&ours))
	for exclusive, want := range map[bool]string{false: "10min", true: ours} {
		must(t, s.Freeze(ctx, exclusive, func(ctx context.Context, z Frozen) error {
			var got string
			err := z.tx.QueryRow(ctx, "SHOW statement_timeout").Scan(&got)
			if got != want || (Bounds{}).of(ctx) > late == exclusive {
				t.Errorf("exclusive %v: a statement may take %s at the server and %s here, want %s", exclusive, got, Bounds{}.of(ctx), want)
			}
			return err
		}))
	}
}

// Ensure nodes that are gone for good are forgotten, and never the last that spoke.
func TestPruneHeartbeats(t *testing.T) {
	pool := newPool(t)
	s := New(pool)
	ctx := t.Context()
	_, err := pool.Exec(ctx, `INSERT INTO tokenstate.node_heartbeat VALUES ('old', 1, 1000, '{}', 0, 0), ('lossy', 1, 1000, '{}', 500, 1000), ('silent', 1, 3000, '{}', 0, 0), ('last', 1, 5000, '{}', 0, 0)`)
	must(t, err)
	worker, err := pool.Acquire(ctx)
	must(t, err)
	defer worker.Release()
	_, err = worker.Exec(ctx, "SET ROLE tokenstate_worker")
	must(t, err)
	if n, err := q.PruneHeartbeats(ctx, worker, dbsqlc.PruneHeartbeatsParams{BehindMs: 3000, ReadMs: 999}); err != nil || n != 1 {
		t.Errorf("%d were forgotten, %v", n, err)
	}
	_, err = worker.Exec(ctx, "RESET ROLE")
	must(t, err)
	_, err = s.PruneHeartbeats(ctx, 3*time.Second)
	must(t, err)
	st, err := s.Status(ctx)
	must(t, err)
	var names []string
	for _, b := range st.Heartbeats {
		names = append(names, b.Node)
	}
	if !slices.Equal(names, []string{"last", "lossy", "silent"}) {
		t.Errorf("after a pruning there are %q", names)
	}
	must(t, s.PutBackfill(ctx, Backfill{Realm: "demo", Known: 1000 + tokenstate.DefaultRules().Skew}))
	if n, err := s.PruneHeartbeats(ctx, 3*time.Second); err != nil || n != 1 {
		t.Errorf("a loss that the event store has shown still keeps its node: %d, %v", n, err)
	}
}

// Ensure a realm counts as heard of by what a listener told, not by what others said of it.
func TestHeardRealms(t *testing.T) {
	pool := newPool(t)
	_, err := pool.Exec(t.Context(), `INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw)
		VALUES ('a/l', 1, 1, 'heard', 'event', 'x'), ('b/l', 2, 1, 'heard', 'event', 'x'), ('c/b', 3, 1, 'read', 'event', 'x'), ('d', 4, 1, 'looked-at', 'observation', 'x')`)
	must(t, err)
	realms, err := New(pool).HeardRealms(t.Context())
	if err != nil || len(realms) != 1 || realms[0] != "heard" {
		t.Errorf("%q, %v", realms, err)
	}
}
