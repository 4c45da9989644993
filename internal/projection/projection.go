package projection

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Projection answers from memory. Each answer is of one version.
type Projection struct {
	source Source
	opts   Options
	log    zerolog.Logger

	mu     sync.RWMutex
	st     *state // nil until the first snapshot
	status Status
	until  events.Millis // what the heartbeats say
	moved  chan struct{} // closed at each new version
	hurry  chan struct{} // somebody waits for a version
	asOf   time.Time     // when the database last said that this is its state

	loads       atomic.Int64
	fromDisk    bool // and not yet from the database
	confirmed   bool // the state stems from one that a worker had confirmed
	regressed   *regression
	behindFeed  bool // neither the feed nor a snapshot leads on
	keptVersion int64
	keptAt      time.Time
	whyUnused   string // the snapshot on disk; "" if it is used, or not wanted

	useKept    bool // only Run uses these: what is on disk, until it is of no use any more
	keptHeader *keptHeader
	seenEpoch  int64

	memory    memory
	full      *MemoryError // why the last load was given up
	fullPause time.Duration

	numbers atomic.Pointer[Numbers]
	reading atomic.Int64 // rows of a snapshot that is being loaded
	clock   dbClock
	memo    dueMemo
	find    singleflight.Group
	limit   *rate.Limiter
	absent  map[string]time.Time // ids and digests that were not found a moment ago

	// Any text may be a key in another format than ours: made-up ones must not use up the looks for ours.
	digestLimit *rate.Limiter
}

// New makes one that knows nothing until Run.
func New(source Source, opts Options, log zerolog.Logger) *Projection {
	if opts.Retry == 0 {
		opts.Retry = 250 * time.Millisecond
	}
	if opts.LoadLimit == 0 {
		opts.LoadLimit = time.Minute
	}
	return &Projection{
		source: source, opts: opts, log: log, moved: make(chan struct{}), hurry: make(chan struct{}, 1),
		limit: rate.NewLimiter(readThrough, readThroughBurst), absent: map[string]time.Time{},
		digestLimit: rate.NewLimiter(readThrough, readThroughBurst), memory: goMemory, fullPause: fullPause,
	}
}

// Ready says whether answers may be relied on, and if not, what is missing.
func (p *Projection) Ready() (ok bool, why string) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	switch {
	case p.st == nil && p.reading.Load() > 0:
		return false, fmt.Sprintf("a snapshot is being loaded: %d rows so far", p.reading.Load())
	case p.st == nil && p.full != nil:
		return false, p.full.Error()
	case p.st == nil && p.whyUnused != "":
		return false, "the database has not answered yet, and " + p.whyUnused
	case p.st == nil:
		return false, "no snapshot of the database has been loaded yet"
	case p.regressed != nil:
		return false, p.regressed.Error()
	case p.behindFeed:
		return false, "the feed cannot be followed, and no snapshot could be loaded instead: see the log"
	case p.opts.MaxStale > 0 && time.Since(p.asOf) > p.opts.MaxStale:
		return false, "the database has not answered for longer than AUTHAPI_KEY_MAX_STALE allows"
	case !p.confirmed:
		return false, "no worker has caught up with the log yet: is revocation-worker running?"
	}
	return true, ""
}

// Loads is how often a snapshot has taken the place of what answers were made of. An answer that was begun before and ended
// behind one is of two states, and Ready, which was asked before the first, says nothing of the second.
func (p *Projection) Loads() int64 { return p.loads.Load() }

// Version is the feed's version that answers are of; 0 until a snapshot is loaded.
func (p *Projection) Version() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return 0
	}
	return p.st.version
}

// AsOf is when answers were of all that the database had, or later; zero while nothing is loaded.
func (p *Projection) AsOf() time.Time {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.asOf
}

// WaitVersion waits until answers are of version v or later, or ctx ends.
func (p *Projection) WaitVersion(ctx context.Context, v int64) error {
	for {
		p.mu.RLock()
		there, moved := p.st != nil && p.st.version >= v, p.moved
		p.mu.RUnlock()
		if there {
			return nil
		}
		select {
		case p.hurry <- struct{}{}:
		default: // Run has not heard of another yet, and will read for both
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// KnownUntil is the time up to which Keycloak is known completely; 0 if it has never spoken.
func (p *Projection) KnownUntil() tokenstate.Millis {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.until
}

// Nodes are what the Keycloak nodes that were heard have told.
func (p *Projection) Nodes() []hearing.Beat {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.status.Beats)
}

// Rules are the bounds that verdicts are made by.
func (p *Projection) Rules() tokenstate.Rules {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.status.Rules
}

// read calls f under the lock, unless nothing is loaded: then the answer is the zero one.
func read[T any](p *Projection, f func(*state) T) (zero T) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return zero
	}
	return f(p.st)
}

// ServiceKeys are all credentials.
func (p *Projection) ServiceKeys() []ServiceKey {
	return read(p, func(st *state) (all []ServiceKey) {
		for _, k := range st.services {
			all = append(all, k)
		}
		return all
	})
}

// Owner says what the owner of a key is. With nothing loaded it is not active. A closure for read would be made anew for
// each request.
func (p *Projection) Owner(realm, user string) (o tokenstate.Ownership) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return o
	}
	return p.st.owner(realm, user, p.status.Rules)
}

// KeyCut reports whether a key was revoked by an order.
func (p *Projection) KeyCut(realm, user, id string) (c tokenstate.Cutoff, cause string, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return c, "", false
	}
	return p.st.keyCut(realm, user, id)
}

// Pardoning lets ask judge by what is known with the cutoffs of one cause taken back. It must keep nothing of the facts, which
// go on changing when it has returned.
func (p *Projection) Pardoning(cause string, ask func(tokenstate.Facts, tokenstate.Rules)) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st != nil {
		ask(p.st.facts.Pardoning(map[string]bool{cause: true}), p.status.Rules)
	}
}
