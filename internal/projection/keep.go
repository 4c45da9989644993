package projection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of keeping and of using what was kept.
const (
	firstLimit  = 3 * time.Second  // for the database at start, before the kept snapshot is used
	keepEvery   = 5 * time.Second  // at most so often, and
	keepShare   = 20               // at most this part of the time
	keepAtLeast = 10 * time.Minute // also when nothing changes: its age is how it is trusted
	lastKeep    = 5 * time.Second  // for the last one, when we are told to stop
	fromAhead   = 5 * time.Minute  // how far the clock may have been set back since it was kept
	healed      = 5_000            // milliseconds
)

// regression: the database was behind what we had answered from, in this epoch and history; known is
// until when we had known Keycloak.
type regression struct {
	epoch int64
	known tokenstate.Millis
}

func (r *regression) Error() string {
	return "the database is behind what was answered before: was it restored? Waiting for a worker that has read the log again"
}

// over: a new epoch has begun, or a worker has applied the log beyond what we had known.
func (r *regression) over(s Status) bool {
	return s.Epoch != r.epoch || s.knownUntil() > r.known+healed
}

// regress makes us not ready, unless the status tells by itself when we are again: another epoch or
// history is not confirmed before a worker has read the log in it. It is called under the lock.
func (p *Projection) regress(status Status) {
	before := p.status
	if p.st == nil {
		before = p.keptHeader.Status
	}
	if before.Epoch == status.Epoch && before.History == status.History {
		p.regressed = &regression{status.Epoch, before.knownUntil()}
	}
}

// behind reports whether the database's history does not lead over the version and nonce that
// we stood at. What is pruned cannot be told.
func (p *Projection) behind(ctx context.Context, now *state, version int64, nonce string) (bool, error) {
	if version == 0 { // there was nothing: the feed has nothing to say, and may be long
		return false, nil
	}
	if now.version < version {
		return true, nil
	}
	news, err := p.source.News(ctx, version)
	if err != nil || news.Gap != nil {
		return false, err
	}
	return news.Was != nonce, nil
}

// Keep keeps the snapshot up to date until ctx ends, and once more then. It reads the database,
// not memory, so that nobody waits for it.
func (p *Projection) Keep(ctx context.Context) error {
	if p.opts.Keeper == nil {
		return nil
	}
	every := p.opts.KeepEvery
	if every == 0 {
		every = keepEvery
	}
	for next := every; pause.For(ctx, next) == nil; {
		began := time.Now()
		p.keepIfDue(ctx)
		next = max(every, keepShare*time.Since(began))
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastKeep)
	defer cancel()
	p.keepIfDue(short)
	return nil
}

func (p *Projection) keepIfDue(ctx context.Context) {
	ready, _ := p.Ready()
	p.mu.RLock()
	due := ready && !p.fromDisk && (p.st.version != p.keptVersion || time.Since(p.keptAt) > keepAtLeast)
	p.mu.RUnlock()
	if !due {
		return
	}
	if err := p.keep(ctx); err != nil && ctx.Err() == nil {
		p.log.Warn().Err(err).Msg("the snapshot on disk is not renewed; after a restart without the database, answers would be older")
	}
}

func (p *Projection) keep(ctx context.Context) error {
	at := time.Now()
	status, err := p.source.Status(ctx)
	if err != nil || !status.Confirmed {
		return err
	}
	var version int64
	err = p.opts.Keeper.Keep(func(to io.Writer) error {
		k := &keptWriter{wire: newWriter(to), at: at, status: status}
		if err := p.source.Snapshot(ctx, k); err != nil {
			return err
		}
		version = k.version
		after, err := p.source.Status(ctx)
		if err == nil && after.Epoch != status.Epoch {
			err = errMoved
		}
		return errors.Join(err, k.end())
	})
	if errors.Is(err, errMoved) {
		return nil // the next one will be of one epoch
	}
	if err != nil {
		return fmt.Errorf("keep a snapshot: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keptVersion, p.keptAt = version, at
	return nil
}

// open reads which state was kept. What is wrong with it is said, and it is not used.
func (p *Projection) open() {
	if p.opts.Keeper == nil {
		return
	}
	var h keptHeader
	there, err := p.kept(func(from io.Reader) (err error) {
		h, err = newReader(from).header()
		return err
	})
	age := time.Since(h.At.Time())
	switch {
	case err != nil:
		p.unused(err.Error())
	case !there:
		p.unused("there is no snapshot on disk yet")
	case p.opts.MaxStale > 0 && age > p.opts.MaxStale:
		p.unused(fmt.Sprintf("the snapshot on disk is %s old, more than AUTHAPI_KEY_MAX_STALE allows", age.Round(time.Second)))
		p.keptHeader = &h // still the proof of what was answered once
	case age < -fromAhead:
		p.unused("the snapshot on disk is from the future: check the clock")
	default:
		p.useKept, p.keptHeader = true, &h
	}
}

// restore answers from the kept snapshot, once, because the database does not answer.
func (p *Projection) restore() {
	if !p.useKept {
		return
	}
	p.useKept = false
	if p.seenEpoch != 0 && p.seenEpoch != p.keptHeader.Status.Epoch {
		p.unused("the snapshot on disk is of another epoch of the database")
		return
	}
	defer sparing()()
	h, next, err := p.fromKept()
	if err != nil {
		p.unused(err.Error())
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.st, p.fromDisk, p.confirmed = next, true, h.Status.Confirmed
	p.settle(h.Status, time.Now().Add(-max(0, time.Since(h.At.Time()))))
	p.log.Warn().Time("of", h.At.Time()).Int64("version", h.Version).Msg("the database does not answer; answering from the snapshot on disk")
}

// KeptAt is when the snapshot on disk was last known to be the database's; zero if this process
// has kept none.
func (p *Projection) KeptAt() time.Time {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.keptAt
}
