package postgres

import (
	"context"
	"testing"
	"time"
)

// Ensure one holds the lease at a time, the next one gets it when the first gives it back, and
// who loses the connection is told.
func TestLease(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	first, release, err := s.Lease(ctx)
	must(t, err)
	got := make(chan func(), 1)
	go func() {
		_, release, err := s.Lease(ctx)
		if err != nil {
			t.Error(err)
		}
		got <- release
	}()
	if first.Err() != nil || len(got) > 0 {
		t.Fatal("the first does not hold it")
	}
	release()
	if first.Err() == nil {
		t.Fatal("a context of a lease that was given back")
	}
	(<-got)()

	held, release, err := s.Lease(ctx)
	must(t, err)
	_, err = s.pool.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")
	must(t, err)
	<-held.Done()
	release()
}

// Ensure a writer wakes a waiter, and that a lost connection only costs the poll interval.
func TestWait(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	w := s.NewWaiter(time.Hour)
	defer w.Close()
	must(t, w.Wait(ctx)) // listens, and returns at once
	woken := make(chan error)
	go func() { woken <- w.Wait(ctx) }()
	_, err := s.PutToken(ctx, issued(5), nil)
	must(t, err)
	must(t, <-woken)
	w.poll = 50 * time.Millisecond
	_, err = s.pool.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
	must(t, err)
	for range 3 {
		must(t, w.Wait(context.WithoutCancel(ctx)))
	}
}
