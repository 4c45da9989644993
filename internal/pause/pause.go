// Package pause waits, and lets whoever is told to end do so at once.
package pause

import (
	"context"
	"math/rand/v2"
	"time"
)

// For waits for d. Its error is the context's, where that ended first.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// About waits for between half of d and one and a half of it, so that programs that lost the same thing at the same time
// do not all come back at once.
func About(ctx context.Context, d time.Duration) error {
	return For(ctx, d/2+rand.N(max(d, 1))) //nolint:gosec // jitter, no secret
}
