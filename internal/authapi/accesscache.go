package authapi

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const maxAccess = 100_000 // cached access tokens, about 2 kB each

// access is an access token: of which offline token, when it was asked for, until when it is good.
type access struct {
	of           tokenstate.Token
	text         secret.Text
	had, expires time.Time
	shared       bool // another replica had it
}

// seat is one client in one session: what a refresh token is good for, whatever its generation.
type seat struct{ realm, session, client string }

func seatOf(t tokenstate.Token) seat { return seat{t.Realm, t.Session, t.ClientID} }

// accessTokens are those that may be given out again, found by seat, by user and by session.
type accessTokens struct {
	mu       sync.Mutex
	held     map[seat]access
	users    map[holder]map[seat]bool
	sessions map[holder]map[seat]bool

	flight    singleflight.Group
	slots     chan struct{}
	exchanges chan struct{}
	gone      chan tokenstate.Token // to be forgotten by all replicas
}

// holder is a user, or a session, of a realm.
type holder struct{ realm, id string }

func (c *accessTokens) init() {
	c.held, c.users, c.sessions = map[seat]access{}, map[holder]map[seat]bool{}, map[holder]map[seat]bool{}
	c.slots, c.exchanges, c.gone = make(chan struct{}, maxRefreshes), make(chan struct{}, maxExchanges), make(chan tokenstate.Token, maxGone)
}

func (c *accessTokens) get(k seat) (access, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.held[k]
	return a, ok
}

// put drops what has expired when full, and then any: a cache need not remember.
func (c *accessTokens) put(a access, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) >= maxAccess {
		for k, old := range c.held {
			if old.expires.Before(now) || len(c.held) >= maxAccess {
				c.remove(k)
			}
		}
	}
	k := seatOf(a.of)
	c.remove(k)
	c.held[k] = a
	add(c.users, holder{k.realm, a.of.User}, k)
	add(c.sessions, holder{k.realm, k.session}, k)
}

func (c *accessTokens) drop(k seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(k)
}

func (c *accessTokens) remove(k seat) {
	a, ok := c.held[k]
	if !ok {
		return
	}
	delete(c.held, k)
	del(c.users, holder{k.realm, a.of.User}, k)
	del(c.sessions, holder{k.realm, k.session}, k)
}

// within are the offline tokens of what is held, as far as a fact about scope can reach them.
func (c *accessTokens) within(scope tokenstate.Scope) (ts []tokenstate.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case scope.Session != "":
		for k := range c.sessions[holder{scope.Realm, scope.Session}] {
			ts = append(ts, c.held[k].of)
		}
	case scope.User != "":
		for k := range c.users[holder{scope.Realm, scope.User}] {
			ts = append(ts, c.held[k].of)
		}
	default:
		for k, a := range c.held {
			if k.realm == scope.Realm {
				ts = append(ts, a.of)
			}
		}
	}
	return ts
}

// all are the offline tokens of what is held.
func (c *accessTokens) all() (ts []tokenstate.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.held {
		ts = append(ts, a.of)
	}
	return ts
}

func add(m map[holder]map[seat]bool, h holder, k seat) {
	if m[h] == nil {
		m[h] = map[seat]bool{}
	}
	m[h][k] = true
}

func del(m map[holder]map[seat]bool, h holder, k seat) {
	delete(m[h], k)
	if len(m[h]) == 0 {
		delete(m, h)
	}
}
