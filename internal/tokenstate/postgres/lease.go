package postgres

import (
	"context"
	"fmt"
	"time"
)

// leaseKey is the advisory lock that the active worker holds.
const leaseKey = 0x746f6b656e7374 + 1

// leaseEvery is how often a standby asks, and how often the active one checks its connection.
const leaseEvery = time.Second

// Lease waits until this process is the active worker, and gives a context that ends when it
// may not be any more. Give it back with release. It spares two workers from doing the same;
// what keeps them from harm is the floor's compare-and-set.
func (s *Store) Lease(ctx context.Context) (held context.Context, release func(), err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("lease: %w", err)
	}
	for got := false; !got; {
		if err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(leaseKey)).Scan(&got); err == nil && !got {
			err = pause(ctx)
		}
		if err != nil {
			conn.Release()
			return nil, nil, fmt.Errorf("lease: %w", err)
		}
	}
	held, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { // a lost connection has lost the lock
		defer close(watched)
		defer cancel()
		for pause(held) == nil {
			if conn.Ping(held) != nil {
				return
			}
		}
	}()
	return held, func() {
		cancel()
		<-watched
		_ = conn.Conn().Close(context.WithoutCancel(ctx)) // closing unlocks, also where unlocking would fail
		conn.Release()
	}, nil
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(leaseEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
