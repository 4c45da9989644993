package authapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// load bounds what is done at once: what comes beyond it is told to come back, so that what is
// under way still ends. Who waits, for Keycloak or for a version, is shed first, so that keys go on
// being decided. Who sends logout tokens needs no credential, so they have places of their own.
type load struct {
	requests, waiting, logouts, stories chan struct{}

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

func (l *load) init(most int) {
	if most == 0 {
		most = defaultMaxRequests
	}
	l.requests, l.waiting = make(chan struct{}, most), make(chan struct{}, max(1, most*3/4))
	l.shares = map[waiter]int{}
	l.logouts, l.stories = make(chan struct{}, maxLogouts), make(chan struct{}, 1)
}

func (l *load) placesFor(path string) (places chan struct{}, kind string) {
	if path == backChannelPath {
		return l.logouts, "logout_token"
	}
	return l.requests, "request"
}

// enter takes a place if one is free.
func enter(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

// mayWait takes one of the places of those who wait, for Keycloak or for a version, until leave.
func (s *Server) mayWait() (leave func(), bad *Problem) {
	if !enter(s.load.waiting) {
		s.Metrics.shed.WithLabelValues("wait").Inc()
		return nil, overloaded()
	}
	return func() { <-s.load.waiting }, nil
}

// mayWaitAs is mayWait for one of many, who has no more than a share of the places.
func (s *Server) mayWaitAs(who waiter) (leave func(), bad *Problem) {
	if !s.load.join(who) {
		s.Metrics.shed.WithLabelValues("wait").Inc()
		return nil, tooMany(time.Second, "too many of your requests wait for a version already")
	}
	give, bad := s.mayWait()
	if bad != nil {
		s.load.part(who)
		return nil, bad
	}
	return func() { give(); s.load.part(who) }, nil
}

func (l *load) join(who waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shares[who] >= max(1, cap(l.waiting)/who.part) {
		return false
	}
	l.shares[who]++
	return true
}

func (l *load) part(who waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shares[who]--; l.shares[who] == 0 {
		delete(l.shares, who)
	}
}

// patient waits a while for a place.
func patient(ctx context.Context, places chan struct{}) bool {
	timer := time.NewTimer(slotPatience)
	defer timer.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// bounded sheds requests.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		places, kind := s.load.placesFor(r.URL.Path)
		if r.URL.Path == backChannelPath {
			if err := readWhole(w, r); err != nil {
				problem(http.StatusRequestTimeout, "invalid-request", "", "the body did not come whole in time").write(w)
				return
			}
		}
		if !enter(places) {
			s.Metrics.shed.WithLabelValues(kind).Inc()
			overloaded().write(w)
			return
		}
		defer func() { <-places }()
		next.ServeHTTP(w, r)
	})
}

// readWhole reads a body before its request takes a place: who needs no credential must not hold one with
// half a body. One that is too large is left to the handler, which refuses it.
func readWhole(w http.ResponseWriter, r *http.Request) error {
	limit := http.NewResponseController(w)
	if err := limit.SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err //nolint:wrapcheck // the connection is gone
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxTokenBody+1))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err //nolint:wrapcheck // only whether it came
}
