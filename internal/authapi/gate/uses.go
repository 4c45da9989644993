package gate

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Bounds of what is written behind. A key's use costs at most one write in UseEvery.
const (
	UseEvery = 10 * time.Second
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

// NewUses makes one; Flush writes what it holds.
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

// NoteUse is called for a key that has just been admitted. Only now is its text at hand, which
// a digest under the present pepper needs.
func (g *Gate) NoteUse(rec apikey.Record, p apikey.Presented) {
	if g.Uses == nil {
		return
	}
	g.Uses.saw(rec.ID, g.LocalTime())
	if rec.PepperID != g.Peppers[0].ID {
		g.Uses.outdated(redigest(rec, g.Peppers[0], p))
	}
}

// noteService is noteUse for a credential, which is known by its name.
func (g *Gate) noteService(rec apikey.Record, p apikey.Presented) {
	if g.Uses == nil || rec.PepperID == g.Peppers[0].ID {
		return
	}
	r := redigest(rec, g.Peppers[0], p)
	r.Service = true
	g.Uses.outdated(r)
}

func redigest(rec apikey.Record, pepper apikey.Pepper, p apikey.Presented) apikey.Redigest {
	return apikey.Redigest{ID: rec.ID, Old: rec.Digest, New: apikey.Digest(pepper, p), PepperID: pepper.ID}
}

// writeLimit bounds one writing behind.
const writeLimit = 5 * time.Second

// Flush writes what is held.
func (u *Uses) Flush(ctx context.Context, logger *zerolog.Logger) {
	if u == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if err := u.write(ctx); err != nil {
		logger.Warn().Err(err).Msg("uses of keys were not written")
	}
}
