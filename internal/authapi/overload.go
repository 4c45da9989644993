package authapi

import "net/http"

// load bounds what is done at once: what comes beyond it is told to come back, so that what is
// under way still ends. Who waits, for Keycloak or for a version, is shed first, so that keys go on
// being decided.
type load struct{ requests, waiting chan struct{} }

const defaultMaxRequests = 20_000

func (l *load) init(most int) {
	if most == 0 {
		most = defaultMaxRequests
	}
	l.requests, l.waiting = make(chan struct{}, most), make(chan struct{}, max(1, most*3/4))
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

// bounded sheds requests.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !enter(s.load.requests) {
			s.Metrics.shed.WithLabelValues("request").Inc()
			overloaded().write(w)
			return
		}
		defer func() { <-s.load.requests }()
		next.ServeHTTP(w, r)
	})
}
