package workerd

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/worker"
)

const (
	// lossMargin is how far before the last applied message the event stores are read again.
	lossMargin = time.Hour
	keepEvery  = 10 * time.Minute
	keepOutbox = 7 * 24 * time.Hour
	keepNode   = time.Hour // knowledge age and doctor forget a silent one earlier
)

// heal makes up for messages that nobody can read any more: what Keycloak's event store holds
// is brought again, and for what it does not hold every token and owner is in doubt until it has
// been looked at. A loss may be reported more than once; its doubts bear the same id.
func (p *running) heal(ctx context.Context, l worker.Loss) error {
	p.measures.losses.Inc()
	if err := p.store.RewindBackfills(ctx, lossMargin); err != nil {
		return err
	}
	realms, err := p.store.Realms(ctx)
	if err != nil {
		return err
	}
	for _, realm := range realms {
		id := fmt.Sprintf("loss-%d-%d-%d/%s", l.Info.Created.UnixMicro(), l.Floor.Seq, l.Info.First, realm)
		if err := p.doubtAll(ctx, realm, id); err != nil {
			return err
		}
	}
	select {
	case p.backfill.Soon <- struct{}{}:
	default:
	}
	return nil
}

// healStore does the same for rows of a realm's event store that went unread: nobody has them.
func (p *running) healStore(ctx context.Context, realm string, since events.Millis) error {
	p.measures.losses.Inc()
	return p.doubtAll(ctx, realm, fmt.Sprintf("loss-store-%d/%s", since, realm))
}

// doubtAll is dated by the database: by a clock of ours that is slow, looks from before the loss
// would settle it.
func (p *running) doubtAll(ctx context.Context, realm, id string) error {
	now, err := p.store.Now(ctx)
	if err != nil {
		return err
	}
	return p.log.Publish(ctx, events.Message{
		ID: id, Realm: realm, At: now, Source: events.Worker,
		Body: &events.Happened{Event: id, Kind: "admin", Type: "LOSS LOG"},
	})
}

// keep removes what is no longer needed, now and then.
func (p *running) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		p.keepOnce(ctx, time.Now())
		_ = pause.For(ctx, keepEvery)
	}
	return nil
}

// keepOnce goes on after a fault: what one part is kept from has nothing to do with the others.
func (p *running) keepOnce(ctx context.Context, now time.Time) {
	done := func(not string, err error) {
		if err != nil && ctx.Err() == nil {
			p.logger.Warn().Err(err).Msg(not + "; it is tried again")
		}
	}
	_, err := p.store.PruneFeed(ctx, now.Add(-p.config.KeepFeed))
	done("the feed was not pruned", err)
	_, err = p.store.PruneOutbox(ctx, now.Add(-keepOutbox))
	done("the outbox was not pruned", err)
	_, err = p.store.PruneHeartbeats(ctx, keepNode)
	done("the nodes that are gone were not forgotten", err)
	done("old notices were not pruned", p.store.Notices().PruneNotices(ctx, now.Add(-p.config.Notices.Keep)))
	if p.config.KeepJournal > 0 {
		_, err = p.store.PruneJournal(ctx, now.Add(-p.config.KeepJournal), "revocation-worker")
		done("the journal was not pruned", err)
	}
}
