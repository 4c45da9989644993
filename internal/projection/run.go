package projection

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const maxRetry = 5 * time.Second

// Run loads and follows until ctx ends. It returns nil then, and never otherwise: while the
// database is away, what is known goes on being answered.
func (p *Projection) Run(ctx context.Context) error {
	retry := p.opts.Retry
	p.open()
	for ctx.Err() == nil {
		more, err := p.step(ctx)
		if err == nil {
			retry, p.useKept = p.opts.Retry, false
		} else if full, ok := errors.AsType[*MemoryError](err); ok {
			p.waitForMemory(ctx, full)
			continue
		} else if p.st == nil {
			p.restore()
		}
		if err == nil && !more {
			err = p.source.Wait(ctx, p.st.version, p.hurry)
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		p.log.Warn().Err(err).Dur("pause", retry).Msg("cannot follow the database; answering from what is known")
		_ = pause.About(ctx, retry)
		retry = min(2*retry, maxRetry)
	}
	return nil
}

// step brings the projection further once, and says whether there is more to read.
func (p *Projection) step(ctx context.Context) (more bool, err error) {
	limit := p.opts.LoadLimit
	if p.useKept {
		limit = firstLimit // there is something to answer from meanwhile
	}
	ctx, alive, end := whileAlive(ctx, limit)
	defer end(&err)
	now := time.Now()
	news, err := p.news(ctx)
	if err != nil {
		return false, err
	}
	status := news.Status
	if status.Now != 0 {
		p.clock.set(status.Now)
	}
	p.seenEpoch = status.Epoch
	if p.st == nil || status.Epoch != p.status.Epoch { // only Run writes them
		return true, p.load(ctx, status, now, alive)
	}
	if news.Gap == nil && news.Was != p.st.nonce {
		news.Gap = errOther
	}
	if news.Gap != nil {
		p.log.Error().AnErr("feed", news.Gap).Int64("version", p.st.version).Msg("the feed does not lead on; loading a snapshot")
		err := p.load(ctx, status, now, alive)
		p.lostTrack(err)
		return true, err
	}
	p.lostTrack(nil)
	if news.Standby {
		now = p.asOf // only Run writes it
		if news.AsOf.After(now) {
			now = news.AsOf
		}
	}
	p.install(status, news.Now, now)
	return false, nil
}

// news is the status alone where there is no version to go on from.
func (p *Projection) news(ctx context.Context) (News, error) {
	if p.st == nil { // only Run writes it
		status, err := p.source.Status(ctx)
		return News{Status: status}, err
	}
	return p.source.News(ctx, p.st.version)
}

// lostTrack notes that neither the feed nor a snapshot brings us on, although the database answers.
// What we know grows old then, and others may be up to date: we are not ready. nil: we are again.
func (p *Projection) lostTrack(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behindFeed = err != nil
}

// load takes a snapshot over. If it is behind what we had answered from in this epoch, we are
// not ready: what was revoked since would be open again.
func (p *Projection) load(ctx context.Context, status Status, now time.Time, alive func()) error {
	defer sparing()()
	defer p.reading.Store(0)
	b := newBuilder()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	g := p.progressing(b, alive, stop)
	if err := p.snapshot(reading, status.History, g); g.full != nil {
		return p.sized(ctx, g.full)
	} else if err != nil {
		return err
	}
	next := b.st
	lost, err := p.lost(ctx, next)
	if err != nil {
		return err
	}
	var remembered []tokenstate.Row
	fromMemory := p.st != nil // and not from a file, which may be of another database
	if lost {
		remembered = p.remember(next)
	}
	p.mu.Lock()
	if lost {
		p.regress(status)
		p.log.Error().Int64("version", next.version).Int("facts", len(remembered)).Bool("ready", p.regressed == nil && status.Confirmed).
			Msg("the database has lost what was committed; what is known here of it stays in force")
	}
	p.loads.Add(1)
	p.st, p.fromDisk, p.confirmed, p.full = next, false, status.Confirmed, nil
	p.settle(status, now)
	p.mu.Unlock()
	if len(remembered) > 0 && fromMemory && p.opts.Remembered != nil {
		p.opts.Remembered(remembered)
	}
	if p.opts.Loaded != nil {
		p.opts.Loaded()
	}
	p.log.Info().Int64("version", next.version).Int("tokens", b.tokens).Int("keys", b.keys).Msg("snapshot loaded")
	return nil
}

// snapshot reads one of a history: what was confirmed of another one does not hold of it.
func (p *Projection) snapshot(ctx context.Context, history string, to Taker) error {
	if err := p.source.Snapshot(ctx, to); err != nil {
		return err
	}
	now, err := p.source.Status(ctx)
	if err == nil && now.History != history {
		err = errMoved
	}
	return err
}

// lost compares with where we stood, or where the process before us did.
func (p *Projection) lost(ctx context.Context, next *state) (bool, error) {
	version, nonce := int64(0), ""
	switch h := p.keptHeader; {
	case p.st != nil:
		version, nonce = p.st.version, p.st.nonce
	case h != nil:
		version, nonce = h.Version, h.Nonce
	}
	return p.behind(ctx, next, version, nonce)
}

func (p *Projection) install(status Status, v Version, now time.Time) {
	p.mu.Lock()
	p.st.install(v, status.Rules)
	p.fromDisk = false
	p.confirmed = p.confirmed || status.Confirmed // it leads on from what was confirmed
	p.settle(status, now)
	p.mu.Unlock()
	if p.opts.Installed == nil {
		return
	}
	for _, c := range v.Changes {
		p.opts.Installed(c)
	}
}

// settle is called under the lock. asOf is when the database had this state, or later.
func (p *Projection) settle(status Status, asOf time.Time) {
	if status.Rules != p.status.Rules {
		p.st.forgetAll()
	}
	p.status, p.until, p.asOf = status, status.knownUntil(), asOf
	if p.regressed != nil && p.regressed.over(status) {
		p.regressed = nil
	}
	close(p.moved)
	p.moved = make(chan struct{})
}
