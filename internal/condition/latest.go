package condition

import (
	"context"
	"sync"
	"time"
)

// Latest is what the database last said. Many people who look at once cost it one question a second, and while it is away the
// last word stays, with its time.
type Latest[T any] struct {
	mu        sync.Mutex
	said      *T
	at, tried time.Time
	failed    error
}

const (
	latestFor   = time.Second
	latestLimit = 3 * time.Second
)

// Get gives the last word, nil if there has been none, and why there is no newer one.
func (l *Latest[T]) Get(ctx context.Context, now time.Time, read func(context.Context) (T, error)) (said *T, at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.tried) >= latestFor {
		ctx, cancel := context.WithTimeout(ctx, latestLimit)
		defer cancel()
		got, err := read(ctx)
		l.tried, l.failed = now, err
		if err == nil {
			l.said, l.at = &got, now
		}
	}
	return l.said, l.at, l.failed
}
