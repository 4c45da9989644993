package authapi

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Bounds of what is written behind. A key's use costs at most one write in useEvery.
const (
	useEvery = 10 * time.Second
	maxUses  = 50_000
)

// UseStore keeps when keys were last used, and digests under the present pepper.
type UseStore interface {
	MarkUsed(ctx context.Context, at map[string]time.Time) error
	Redigest(ctx context.Context, all []apikey.Redigest) error
	// ForgetOnce removes requests whose Idempotency-Key is too old to be honoured.
	ForgetOnce(ctx context.Context) error
}

// Uses remembers uses of keys until they are written. It never delays a decision: what it has
// no room for is lost, and comes with the key's next use.
type Uses struct {
	store UseStore

	mu       sync.Mutex
	used     map[string]time.Time
	redigest map[string]apikey.Redigest
}

// NewUses makes one; Server.Run writes what it holds.
func NewUses(store UseStore) *Uses {
	return &Uses{store: store, used: map[string]time.Time{}, redigest: map[string]apikey.Redigest{}}
}

func (u *Uses) saw(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.used[id]; known || len(u.used) < maxUses {
		u.used[id] = at
	}
}

func (u *Uses) outdated(r apikey.Redigest) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.redigest) < maxUses {
		u.redigest[r.ID] = r
	}
}

// write takes what is held. What cannot be written is lost.
func (u *Uses) write(ctx context.Context) error {
	u.mu.Lock()
	used, redigest := u.used, u.redigest
	u.used, u.redigest = map[string]time.Time{}, map[string]apikey.Redigest{}
	u.mu.Unlock()
	var faults [2]error
	if len(used) > 0 {
		faults[0] = u.store.MarkUsed(ctx, used)
	}
	if all := slices.Collect(maps.Values(redigest)); len(all) > 0 {
		faults[1] = u.store.Redigest(ctx, all)
	}
	return errors.Join(faults[0], faults[1], u.store.ForgetOnce(ctx))
}

// noteUse is called for a key that has just been admitted. Only now is its text at hand, which
// a digest under the present pepper needs.
func (s *Server) noteUse(rec apikey.Record, p apikey.Presented) {
	if s.Uses == nil {
		return
	}
	s.Uses.saw(rec.ID, s.now())
	if rec.PepperID != s.Peppers[0].ID {
		s.Uses.outdated(redigest(rec, s.Peppers[0], p))
	}
}

// noteService is noteUse for a credential, which is known by its name.
func (s *Server) noteService(rec apikey.Record, p apikey.Presented) {
	if s.Uses == nil || rec.PepperID == s.Peppers[0].ID {
		return
	}
	r := redigest(rec, s.Peppers[0], p)
	r.Service = true
	s.Uses.outdated(r)
}

func redigest(rec apikey.Record, pepper apikey.Pepper, p apikey.Presented) apikey.Redigest {
	return apikey.Redigest{ID: rec.ID, Old: rec.Digest, New: apikey.Digest(pepper, p), PepperID: pepper.ID}
}

// writeLimit bounds one writing behind.
const writeLimit = 5 * time.Second

// Run writes behind what requests left to write, until ctx ends. Call Flush after the last one.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(useEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.Flush(ctx)
		case <-s.Trail.woken():
			s.writeTrail(ctx)
		}
	}
}

// Flush writes all that is held now.
func (s *Server) Flush(ctx context.Context) {
	if s.Uses != nil {
		ctx, cancel := context.WithTimeout(ctx, writeLimit)
		defer cancel()
		if err := s.Uses.write(ctx); err != nil {
			s.Logger.Warn().Err(err).Msg("uses of keys were not written")
		}
	}
	s.writeTrail(ctx)
}
