package client

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of the cache of valid keys.
const (
	cacheFor  = 20 * time.Second
	cacheSize = 10_000
)

// seat is the digest of a key and the organization it was used for: the key itself is not kept.
type seat [sha256.Size]byte

func seatOf(key, org string) seat { return sha256.Sum256([]byte(key + "\x00" + org)) }

type entry struct {
	id    *Identity
	until time.Time
}

type cache struct {
	mu sync.Mutex
	at map[seat]entry
}

func newCache() *cache { return &cache{at: map[seat]entry{}} }

// get gives an identity that is neither too old nor from before the newest version.
func (c *cache) get(s seat, newest int64, now time.Time) (*Identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[s]
	if ok && (!now.Before(e.until) || e.id.Meta.Version < newest) {
		delete(c.at, s)
		return nil, false
	}
	return e.id, ok
}

// put makes room by dropping what is over; if all is in use, everything: it fills again by itself.
func (c *cache) put(s seat, id *Identity, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.at) >= cacheSize {
		for k, e := range c.at {
			if !now.Before(e.until) {
				delete(c.at, k)
			}
		}
		if len(c.at) >= cacheSize {
			clear(c.at)
		}
	}
	c.at[s] = entry{id, now.Add(cacheFor)}
}
