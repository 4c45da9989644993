package projection

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const maxRetry = 5 * time.Second

// Run loads and follows until ctx ends. It returns nil then, and never otherwise: while the
// database is away, what is known goes on being answered.
func (p *Projection) Run(ctx context.Context) error {
	pause := p.opts.Retry
	for ctx.Err() == nil {
		moved, err := p.step(ctx)
		if err == nil {
			pause = p.opts.Retry
		}
		if err == nil && !moved { // there may be more than one reading brings
			err = p.source.Wait(ctx)
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		p.log.Warn().Err(err).Dur("pause", pause).Msg("cannot follow the database; answering from what is known")
		select {
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // jitter, no secret
		case <-ctx.Done():
		}
		pause = min(2*pause, maxRetry)
	}
	return nil
}

// step brings the projection up to date once. The status is read first: if the epoch changes
// between the two, the next step sees it.
func (p *Projection) step(ctx context.Context) (moved bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.LoadLimit)
	defer cancel()
	status, err := p.source.Status(ctx)
	if err != nil {
		return false, err //nolint:wrapcheck // the source says what failed
	}
	if p.st == nil || status.Epoch != p.status.Epoch { // only Run writes them
		return true, p.load(ctx, status)
	}
	versions, err := p.source.Since(ctx, p.st.version)
	if errors.Is(err, ErrReload) || err == nil && !p.leadsOn(versions) {
		p.log.Error().AnErr("feed", err).Int64("version", p.st.version).Msg("the feed does not lead on; loading a snapshot")
		return true, p.load(ctx, status)
	}
	if err != nil {
		return false, err //nolint:wrapcheck // as above
	}
	p.install(status, versions[1:])
	return len(versions) > 1, nil
}

// leadsOn: the version at which we stand is there with the nonce that we know, and each next
// one follows. Another nonce is another history: the database was restored.
func (p *Projection) leadsOn(vs []Version) bool {
	for i, v := range vs {
		if v.Version != p.st.version+int64(i) {
			return false
		}
	}
	return len(vs) > 0 && vs[0].Nonce == p.st.nonce
}

func (p *Projection) load(ctx context.Context, status Status) error {
	snap, err := p.source.Snapshot(ctx)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	next := newState(snap)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.st = next
	p.settle(status)
	p.log.Info().Int64("version", snap.Version).Int("tokens", len(snap.Tokens)).Int("keys", len(snap.Keys)).Msg("snapshot loaded")
	return nil
}

func (p *Projection) install(status Status, vs []Version) {
	p.mu.Lock()
	for _, v := range vs {
		p.st.install(v)
	}
	p.settle(status)
	p.mu.Unlock()
	if p.opts.Installed == nil {
		return
	}
	for _, v := range vs {
		for _, c := range v.Changes {
			p.opts.Installed(c)
		}
	}
}

// settle is called under the lock.
func (p *Projection) settle(status Status) {
	p.status, p.until = status, status.knownUntil()
	close(p.moved)
	p.moved = make(chan struct{})
}
