package console

import (
	"context"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// latest is what the database last said of the log. Many people who look at once cost it one
// question a second, and while it is away the last word stays, with its time.
type latest struct {
	mu        sync.Mutex
	log       *page.Log
	at, tried time.Time
	failed    bool
}

const (
	latestFor   = time.Second
	latestLimit = 3 * time.Second
)

func (l *latest) get(ctx context.Context, now time.Time,
	read func(context.Context) (page.Log, error),
) (log *page.Log, at time.Time, stale bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.tried) >= latestFor {
		ctx, cancel := context.WithTimeout(ctx, latestLimit)
		defer cancel()
		got, err := read(ctx)
		l.tried, l.failed = now, err != nil
		if err == nil {
			l.log, l.at = &got, now
		}
	}
	return l.log, l.at, l.failed && l.log != nil
}
