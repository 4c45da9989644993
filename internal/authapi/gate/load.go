package gate

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Load bounds what is done at once: what comes beyond it is told to come back, so that what is
// under way still ends. Who waits, for Keycloak or for a version, is shed first, so that keys go on
// being decided. Who sends logout tokens needs no credential, so they have places of their own.
type Load struct {
	Requests, Waiting, Logouts, Stories chan struct{}

	mu     sync.Mutex
	shares map[waiter]int // who waits for a version, how often
}

// waiter is who waits for a version: the owner of keys, or a service credential. One of them has the
// part-th part of the places, at least one.
type waiter struct {
	name string
	part int
}

// Parts of the places that one may have who waits for a version that may never come.
const (
	ownerShare   = 16
	serviceShare = 2
)

const (
	defaultMaxRequests = 20_000
	maxLogouts         = 64
)

func newLoad(most int) *Load {
	most = cmp.Or(most, defaultMaxRequests)
	return &Load{
		Requests: make(chan struct{}, most), Waiting: make(chan struct{}, max(1, most*3/4)),
		Logouts: make(chan struct{}, maxLogouts), Stories: make(chan struct{}, 1), shares: map[waiter]int{},
	}
}

// Enter takes a place if one is free.
func Enter(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

// MayWait takes one of the places of those who wait, for Keycloak or for a version, until leave.
func (g *Gate) MayWait() (leave func(), bad *problem.Problem) {
	if !Enter(g.Load.Waiting) {
		g.Metrics.Shed("wait")
		return nil, problem.Overloaded()
	}
	return func() { <-g.Load.Waiting }, nil
}

// mayWaitAs is MayWait for one of many, who has no more than a share of the places.
func (g *Gate) mayWaitAs(who waiter) (leave func(), bad *problem.Problem) {
	if !g.Load.join(who) {
		g.Metrics.Shed("wait")
		return nil, problem.TooMany(time.Second, "too many of your requests wait for a version already")
	}
	give, bad := g.MayWait()
	if bad != nil {
		g.Load.part(who)
		return nil, bad
	}
	return func() { give(); g.Load.part(who) }, nil
}

func (l *Load) join(who waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shares[who] >= max(1, cap(l.Waiting)/who.part) {
		return false
	}
	l.shares[who]++
	return true
}

func (l *Load) part(who waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shares[who]--; l.shares[who] == 0 {
		delete(l.shares, who)
	}
}

// placePatience is how long a place is waited for.
const placePatience = 2 * time.Second

// Wait waits a while for a place.
func Wait(ctx context.Context, places chan struct{}) bool {
	timer := time.NewTimer(placePatience)
	defer timer.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}
