package worker

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// WorthListing is for how many users who may wait it is worth while to list all. It is, too, when
// nobody has listed for most of a sweep period, so that few will become due one by one.
const WorthListing = 500

const (
	worthClosed  = 100
	listingShare = 4               // a listing takes at most a fifth of the time
	settle       = 5 * time.Second // for what a listing published to be applied: the least between two of the same kind
	leastWait    = 2 * time.Second // of pages' times, which are cut to Keycloak's seconds
	countGap     = time.Minute     // between two counts of who is to be found again
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

// may: how soon the next one comes follows what the last one cost. Whoever a change of everything has put in doubt
// waits for it, so a fixed pause between two would be the time for which a realm of many users is not known.
func (g listing) may(now time.Time) bool {
	return !g.running && now.After(g.ended.Add(max(settle, listingShare*g.ended.Sub(g.began))))
}

// holds says that patient subjects of this kind wait: pages that will show most of them are read,
// or what they showed is being applied.
func (g listing) holds(now time.Time) bool { return g.running || now.Before(g.ended.Add(settle)) }

// queue is who waits for a listing: due since after the last one began, and so not missed by it.
// ripe are those who have waited for long enough that the first page settles what put them in doubt.
type queue struct{ all, ripe int }

// waiting is called under the lock.
func (l *Looker) waiting(due []tokenstate.Want, now time.Time) map[kind]queue {
	rules := l.Known.Rules()
	settles := time.Duration(rules.Skew)*time.Millisecond + leastWait
	if l.Pages == nil || !l.Pages.keyed.Load() { // the admin API may show what was
		settles += time.Duration(rules.CacheLag) * time.Millisecond
	}
	n := map[kind]queue{}
	for _, w := range due {
		k := kind{w.Scope.Realm, w.Closed}
		t, known := l.turns[w.Scope]
		if w.Urgent || w.Scope.User == "" || known && !t.since.After(l.listings[k].began) {
			continue
		}
		q := n[k]
		if q.all++; known && now.Sub(t.since) >= settles {
			q.ripe++
		}
		n[k] = q
	}
	return n
}

// list starts the listings that are worth while, and says which kinds of patient subjects wait for
// one. Called under the lock.
func (l *Looker) list(ctx context.Context, n map[kind]queue, now time.Time) (wait map[kind]bool) {
	wait = map[kind]bool{}
	if l.Pages == nil {
		return wait
	}
	for k, q := range n {
		worth := WorthListing
		if k.closed {
			worth = worthClosed
		}
		if q.all < worth || !l.listings[k].may(now) {
			continue
		}
		if wait[k] = true; q.ripe >= worth {
			l.startListing(ctx, k, now)
		}
	}
	if now.Sub(l.counted) < countGap {
		return wait
	}
	l.counted = now
	l.findOwners(ctx, now)
	sweep := time.Duration(l.Known.Rules().Sweep) * time.Millisecond
	for realm, users := range l.Known.Realms() {
		k := kind{realm, false}
		last := l.listings[k].began
		if last.IsZero() {
			last = l.started // or a restart would have everybody listed who was seen just before it
		}
		if users >= WorthListing && now.Sub(last) >= sweep-sweep/4 {
			l.startListing(ctx, k, now)
		}
	}
	return wait
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
