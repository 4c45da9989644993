package tokens

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
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
	held     *simplelru.LRU[seat, access]
	users    map[holder]map[seat]bool
	sessions map[holder]map[seat]bool

	flight    singleflight.Group
	slots     chan struct{}
	exchanges chan struct{}
	gone      chan tokenstate.Token // to be forgotten by all replicas
}

// holder is a user, or a session, of a realm.
type holder struct{ realm, id string }

func newAccessTokens() *accessTokens {
	c := &accessTokens{
		users: map[holder]map[seat]bool{}, sessions: map[holder]map[seat]bool{},
		slots: make(chan struct{}, maxRefreshes), exchanges: make(chan struct{}, maxExchanges), gone: make(chan tokenstate.Token, maxGone),
	}
	c.held, _ = simplelru.NewLRU(maxAccess, c.left) // it refuses a size of 0 alone
	return c
}

func (c *accessTokens) get(k seat) (access, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held.Get(k)
}

// put drops the one that was not asked for longest when full: a cache need not remember.
func (c *accessTokens) put(a access) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := seatOf(a.of)
	c.held.Remove(k) // it may be of another user
	c.held.Add(k, a)
	add(c.users, holder{k.realm, a.of.User}, k)
	add(c.sessions, holder{k.realm, k.session}, k)
}

func (c *accessTokens) drop(k seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held.Remove(k)
}

// left takes the names of what is held no more; the caller has the lock.
func (c *accessTokens) left(k seat, a access) {
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
			ts = append(ts, c.of(k))
		}
	case scope.User != "":
		for k := range c.users[holder{scope.Realm, scope.User}] {
			ts = append(ts, c.of(k))
		}
	default:
		for _, a := range c.held.Values() {
			if a.of.Realm == scope.Realm {
				ts = append(ts, a.of)
			}
		}
	}
	return ts
}

// of is the offline token behind a seat that is held; looking does not count as use.
func (c *accessTokens) of(k seat) tokenstate.Token {
	a, _ := c.held.Peek(k)
	return a.of
}

// all are the offline tokens of what is held.
func (c *accessTokens) all() (ts []tokenstate.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.held.Values() {
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
