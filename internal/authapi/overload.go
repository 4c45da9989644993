package authapi

import (
	"context"
	"net/http"
	"time"
)

// load bounds what is done at once: what comes beyond it is told to come back, so that what is
// under way still ends. Who waits, for Keycloak or for a version, is shed first, so that keys go on
// being decided. Who sends logout tokens needs no credential, so they have places of their own.
type load struct{ requests, waiting, logouts, stories chan struct{} }

const (
	defaultMaxRequests = 20_000
	maxLogouts         = 64
)

func (l *load) init(most int) {
	if most == 0 {
		most = defaultMaxRequests
	}
	l.requests, l.waiting = make(chan struct{}, most), make(chan struct{}, max(1, most*3/4))
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
		if !enter(places) {
			s.Metrics.shed.WithLabelValues(kind).Inc()
			overloaded().write(w)
			return
		}
		defer func() { <-places }()
		next.ServeHTTP(w, r)
	})
}
