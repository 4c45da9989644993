package console

import (
	"net"
	"net/http"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// attempts bounds tries of credentials by address.
type attempts struct {
	mu  sync.Mutex
	all *simplelru.LRU[string, *rate.Limiter]
}

const (
	maxAddresses   = 10_000
	attemptsAtOnce = 5
	attemptsEvery  = 0.1 // a second
)

func newAttempts() *attempts {
	all, err := simplelru.NewLRU[string, *rate.Limiter](maxAddresses, nil)
	if err != nil {
		panic(err) // the size is positive
	}
	return &attempts{all: all}
}

func (a *attempts) may(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.all.Get(host)
	if !ok {
		l = rate.NewLimiter(attemptsEvery, attemptsAtOnce)
		a.all.Add(host, l)
	}
	return l.Allow()
}
