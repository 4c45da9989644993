package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// lull is between two times that notifications wake a waiter, unless somebody is in a hurry. Who has waited for long is woken at
// once; many versions in a row are then read together.
const lull = 100 * time.Millisecond

// Waiter waits for the feed to move. Notifications only wake it early: polling alone is
// correct, so a lost connection costs time and nothing else. It is for one goroutine.
type Waiter struct {
	pool  *pgxpool.Pool
	poll  time.Duration
	lull  time.Duration
	conn  *pgxpool.Conn
	woken time.Time
}

// NewWaiter waits at most poll at a time.
func (s *Store) NewWaiter(poll time.Duration) *Waiter {
	return &Waiter{pool: s.pool, poll: poll, lull: lull}
}

// Wait returns nil when something beyond a version may have been written. Hurry is heard from when it must be read at once.
func (w *Waiter) Wait(ctx context.Context, known int64, hurry <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, w.poll)
	defer cancel()
	if w.conn == nil {
		if err := w.listen(ctx); err != nil {
			<-ctx.Done() // as if nothing had come
			return nil
		}
		return nil // what was written before we listened would wake nobody
	}
	_, err := w.beyond(ctx, known)
	if err != nil && ctx.Err() == nil {
		w.Close()
	}
	if err == nil {
		w.rest(ctx, hurry)
		w.woken = time.Now()
	}
	return nil
}

func (w *Waiter) rest(ctx context.Context, hurry <-chan struct{}) {
	timer := time.NewTimer(w.lull - time.Since(w.woken))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-hurry:
	case <-ctx.Done():
	}
}

// beyond waits for the notification of a version that is not known. After a restore they begin anew, and polling finds it.
func (w *Waiter) beyond(ctx context.Context, known int64) (int64, error) {
	for {
		n, err := w.conn.Conn().WaitForNotification(ctx)
		if err != nil {
			return 0, err
		}
		v, err := strconv.ParseInt(n.Payload, 10, 64)
		if err != nil || v > known {
			return v, nil //nolint:nilerr // what is no number wakes, too
		}
	}
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
