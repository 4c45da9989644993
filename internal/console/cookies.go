package console

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// cookieName: over https a name that browsers take only from this host, secure and for all paths. On
// loopback without TLS no browser would take it.
func (s *Server) cookieName() string { return s.prefixed("tokenstate-console") }

func (s *Server) flowCookie() string { return s.prefixed("tokenstate-login") }

func (s *Server) prefixed(name string) string {
	if s.Public.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

func (s *Server) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without TLS there is only loopback, see cookieName
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.Public.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
}

// Bounds of logins that have begun.
const (
	maxFlows  = 1000
	flowLimit = 10 * time.Minute
)

// flows are logins that have begun, by the digest of the cookie of the browser that began them:
// another browser that is led to the answer has no such cookie.
type flows struct {
	mu  sync.Mutex
	all map[[32]byte]begun
}

type begun struct {
	Flow
	at time.Time
}

func (s *Server) keepFlow(w http.ResponseWriter, f Flow) {
	cookie, now := rand.Text(), s.Now()
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	for key, one := range s.flows.all {
		if now.Sub(one.at) > flowLimit || len(s.flows.all) >= maxFlows { // one that floods us ends others' logins, not our memory
			delete(s.flows.all, key)
		}
	}
	s.flows.all[sha256.Sum256([]byte(cookie))] = begun{f, now}
	s.setCookie(w, s.flowCookie(), cookie, int(flowLimit.Seconds()))
}

// takeFlow gives the login that this browser began, once, and only for its own state.
func (s *Server) takeFlow(w http.ResponseWriter, r *http.Request) (Flow, bool) {
	c, err := r.Cookie(s.flowCookie())
	if err != nil {
		return Flow{}, false
	}
	s.setCookie(w, s.flowCookie(), "", -1)
	key := sha256.Sum256([]byte(c.Value))
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	f, ok := s.flows.all[key]
	delete(s.flows.all, key)
	return f.Flow, ok && s.Now().Sub(f.at) <= flowLimit && f.State != "" && r.URL.Query().Get("state") == f.State
}
