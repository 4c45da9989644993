package postgres

import (
	"errors"
	"testing"
	"time"

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
	if _, err := s.FeedSince(ctx, 1, 10); !errors.Is(err, ErrPruned) {
		t.Errorf("a reader that is behind: %v", err)
	}
	vs, err := s.FeedSince(ctx, head.Version-1, 10) // how a reader compares the nonce of its own version
	if err != nil || len(vs) != 1 || vs[0].Nonce != head.Nonce {
		t.Errorf("a reader at the head: %v, %v", vs, err)
	}
	must(t, force(ctx, s, someFacts(9)))
	if vs, err = s.FeedSince(ctx, head.Version-1, 10); err != nil || len(vs) != 2 {
		t.Errorf("what came after: %v, %v", vs, err)
	}
	must(t, s.Freeze(ctx, false, func(z Frozen) error {
		holes, err := z.FeedHoles(ctx)
		if holes != 0 {
			t.Errorf("%d holes", holes)
		}
		return err
	}))
}
