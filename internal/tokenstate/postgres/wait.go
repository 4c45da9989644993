package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Waiter waits for the feed to move. Notifications only wake it early: polling alone is
// correct, so a lost connection costs time and nothing else. It is for one goroutine.
type Waiter struct {
	pool *pgxpool.Pool
	poll time.Duration
	conn *pgxpool.Conn
}

// NewWaiter waits at most poll at a time.
func (s *Store) NewWaiter(poll time.Duration) *Waiter { return &Waiter{pool: s.pool, poll: poll} }

// Wait returns nil when something may have been written.
func (w *Waiter) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.poll)
	defer cancel()
	if w.conn == nil {
		if err := w.listen(ctx); err != nil {
			<-ctx.Done() // as if nothing had come
			return nil
		}
		return nil // what was written before we listened would wake nobody
	}
	if _, err := w.conn.Conn().WaitForNotification(ctx); err != nil && ctx.Err() == nil {
		w.Close()
	}
	return nil
}

func (w *Waiter) listen(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := conn.Exec(ctx, "LISTEN tokenstate_feed"); err != nil {
		conn.Release()
		return fmt.Errorf("listen: %w", err)
	}
	w.conn = conn
	return nil
}

// Close ends the connection: a pool must not hand one out that still listens.
func (w *Waiter) Close() {
	if w.conn == nil {
		return
	}
	_ = w.conn.Conn().Close(context.Background())
	w.conn.Release()
	w.conn = nil
}
