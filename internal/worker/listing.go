package worker

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// When it is worth while to list: that many users are due who may wait, or nobody has listed for
// most of a sweep period, so that few will become due one by one.
const (
	worthListing = 500
	worthClosed  = 100
	listingShare = 4                // a listing takes at most a fifth of the time
	leastGap     = time.Minute      // between two of the same kind
	settle       = 10 * time.Second // for what a listing published to be applied
)

// kind is what is listed: all of a realm, or who is disabled in it.
type kind struct {
	realm  string
	closed bool
}

// listing is the last one of its kind.
type listing struct {
	running      bool
	began, ended time.Time
}

// holds says that patient subjects of this kind wait: pages that will show most of them are read,
// or what they showed is being applied.
func (g listing) holds(now time.Time) bool { return g.running || now.Before(g.ended.Add(settle)) }

func (g listing) may(now time.Time) bool {
	return !g.running && now.After(g.ended.Add(max(leastGap, listingShare*g.ended.Sub(g.began))))
}

// waiting counts who waits for a listing: due since after the last one began, and so not missed
// by it. Called under the lock.
func (l *Looker) waiting(due []tokenstate.Want) map[kind]int {
	n := map[kind]int{}
	for _, w := range due {
		k := kind{w.Scope.Realm, w.Closed}
		if t, known := l.turns[w.Scope]; !w.Urgent && w.Scope.User != "" && (!known || t.since.After(l.listings[k].began)) {
			n[k]++
		}
	}
	return n
}

// list starts the listings that are worth while. Called under the lock.
func (l *Looker) list(ctx context.Context, n map[kind]int, now time.Time) {
	if l.Pages == nil {
		return
	}
	for k, count := range n {
		worth := worthListing
		if k.closed {
			worth = worthClosed
		}
		if count >= worth {
			l.startListing(ctx, k, now)
		}
	}
	if now.Sub(l.counted) < leastGap {
		return
	}
	l.counted = now
	sweep := time.Duration(l.Known.Rules().Sweep) * time.Millisecond
	for realm, users := range l.Known.Realms() {
		k := kind{realm, false}
		last := l.listings[k].began
		if last.IsZero() {
			last = l.started // or a restart would have everybody listed who was seen just before it
		}
		if users >= worthListing && now.Sub(last) >= sweep-sweep/4 {
			l.startListing(ctx, k, now)
		}
	}
}

func (l *Looker) startListing(ctx context.Context, k kind, now time.Time) {
	if !l.listings[k].may(now) {
		return
	}
	l.listings[k] = listing{running: true, began: now}
	l.running.Go(func() {
		err := l.Pages.List(ctx, k.realm, k.closed)
		if err != nil && ctx.Err() == nil {
			l.Logger.Warn().Err(err).Str("realm", k.realm).Msg("a listing ended before its end; whoever it has not shown is looked at one by one")
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.listings[k] = listing{began: now, ended: time.Now()}
	})
}
