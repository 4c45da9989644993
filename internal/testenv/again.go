package testenv

import (
	"context"
	"time"
)

// again asks until it is so, and reports whether it was before ctx ended.
func again(ctx context.Context, so func() bool) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
