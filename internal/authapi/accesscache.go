package authapi

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of reusing and getting access tokens.
const (
	minLeft      = 10 * time.Second // an access token with less left is not given out again
	blindReuse   = time.Minute      // and when Keycloak is not known about, one is reused no longer
	blindAfter   = time.Minute      // which is when knowledge is older than this
	maxAccess    = 100_000          // cached access tokens, about 2 kB each
	maxRefreshes = 32               // calls to Keycloak at once
	refreshLimit = 10 * time.Second
)

// access is an access token and when it was had.
type access struct {
	text         secret.Text
	had, expires time.Time
}

// seat is one client in one session: what a refresh token is good for, whatever its generation.
type seat struct{ realm, session, client string }

func seatOf(t tokenstate.Token) seat { return seat{t.Realm, t.Session, t.ClientID} }

type accessTokens struct {
	mu     sync.Mutex
	held   map[seat]access
	flight singleflight.Group
	slots  chan struct{}
}

func (c *accessTokens) init() {
	c.held, c.slots = map[seat]access{}, make(chan struct{}, maxRefreshes)
}

func (c *accessTokens) get(k seat) (access, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.held[k]
	return a, ok
}

// put drops what has expired when full, and then any: a cache need not remember.
func (c *accessTokens) put(k seat, a access, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) >= maxAccess {
		for k, old := range c.held {
			if old.expires.Before(now) || len(c.held) >= maxAccess {
				delete(c.held, k)
			}
		}
	}
	c.held[k] = a
}

func (c *accessTokens) drop(k seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, k)
}

// cached gives an access token that may still be handed out: valid long enough, its offline
// token in no doubt, and, while nothing is heard of Keycloak, not older than a minute.
func (s *Server) cached(t projection.Token, v tokenstate.Verdict, minValid time.Duration) (access, bool) {
	a, ok := s.access.get(seatOf(t.Token))
	now := s.now()
	if !ok || v.State != tokenstate.Usable || v.InDoubt || a.expires.Sub(now) < max(minLeft, minValid) {
		return access{}, false
	}
	blind := now.UnixMilli()-int64(s.Known.KnownUntil()) > blindAfter.Milliseconds()
	return a, !blind || now.Sub(a.had) < blindReuse
}
