package workerd

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// markEvery is how often the active worker leaves its footprint in the log.
const markEvery = 15 * time.Second

// tryLog leaves a mark now and then. One that is beyond the database's floor proves later that the database was
// restored. It is also a trial: with a full disk NATS answers every question and stores nothing, listeners keep what
// they have to say, and nobody is told why it is so quiet.
func (p *running) tryLog(ctx context.Context) error {
	for ctx.Err() == nil {
		p.tryLogOnce(ctx)
		_ = pause.For(ctx, markEvery)
	}
	return nil
}

func (p *running) tryLogOnce(ctx context.Context) {
	m, err := p.mark(ctx)
	if err != nil || ctx.Err() != nil {
		return // the database is away, which is told elsewhere
	}
	err = p.log.Mark(ctx, m)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.unwritten.Store(err.Error())
		p.measures.unwritable.Set(1)
		p.logger.Error().Err(err).Msg("NATS stores nothing: is its disk full? Make room, then restart nats-server")
	default:
		p.unwritten.Store("")
		p.measures.unwritable.Set(0)
	}
}

// unwrittenWhy is why the log was not written when it was last tried; "" if it was, or nobody has tried.
func (p *running) unwrittenWhy() string {
	why, _ := p.unwritten.Load().(string)
	return why
}

// mark is our footprint of now. The floor is read before it is published, so it is committed then.
func (p *running) mark(ctx context.Context) (m events.Mark, err error) {
	epoch, err := p.store.Epoch(ctx)
	if err != nil {
		return m, err
	}
	floor, err := p.store.Floor(ctx)
	if err != nil {
		return m, err
	}
	return events.Mark{Epoch: epoch, Floor: floor.Seq, FeedVersion: p.known.Version()}, nil
}
