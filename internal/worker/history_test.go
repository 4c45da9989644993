package worker

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// Ensure a worker with nothing to do reads its floor again, and confirms it, when the database was
// restarted, promoted or restored: replicas that start on it wait for that.
func TestConfirmsAnotherHistory(t *testing.T) {
	l, s := logOf(t, pardons(3)...), &memStore{history: "first"}
	run(t, l, s)
	confirmed := func() int { s.Lock(); defer s.Unlock(); return s.confirmed }
	before := confirmed()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	w := &Worker{Log: l, Store: s, Epochs: s, Wait: 10 * time.Millisecond, Logger: zerolog.Nop()}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	until := func(n int) {
		t.Helper()
		for confirmed() < n {
			if pause.For(ctx, 5*time.Millisecond) != nil {
				t.Fatalf("confirmed %d times, want %d", confirmed(), n)
			}
		}
	}
	until(before + 1)
	s.Lock()
	s.history = "second"
	s.Unlock()
	until(before + 2)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
