package projection

import (
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// dbClock is the database's time between two readings of it, by our monotonic clock: how old
// something is must not hang on this machine's time of day.
type dbClock struct {
	mu   sync.Mutex
	read time.Time // by our clock
	at   time.Time // by the database's, at that moment; zero if it was never read
}

func (c *dbClock) set(at tokenstate.Millis) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read, c.at = time.Now(), at.Time()
}

// Now is the database's time, also while it is away; before it was first read, our own.
func (p *Projection) Now() time.Time {
	p.clock.mu.Lock()
	defer p.clock.mu.Unlock()
	if p.clock.at.IsZero() {
		return time.Now()
	}
	return p.clock.at.Add(time.Since(p.clock.read))
}

func (p *Projection) now() tokenstate.Millis { return tokenstate.Millis(p.Now().UnixMilli()) }
