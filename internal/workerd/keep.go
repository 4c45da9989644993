package workerd

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const (
	keepEvery  = 10 * time.Minute
	keepOutbox = 7 * 24 * time.Hour
	keepNode   = time.Hour // knowledge age and doctor forget a silent one earlier

	// forgetParts is how many parts of the facts are gone over each time. A million people are gone over within some hours, and the
	// database hardly feels it.
	forgetParts = 50
)

// keep removes what is no longer needed, now and then.
func (p *running) keep(ctx context.Context) error {
	facts := p.store.Forgetting(p.known.Stranger)
	for ctx.Err() == nil {
		p.keepOnce(ctx, time.Now(), facts)
		_ = pause.For(ctx, keepEvery)
	}
	return nil
}

// keepOnce goes on after a fault: what one part is kept from has nothing to do with the others.
func (p *running) keepOnce(ctx context.Context, now time.Time, facts *postgres.Forgetting) {
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
	done("who holds nothing was not forgotten", p.forget(ctx, facts, now.Add(-p.config.KeepUnheld)))
	if p.config.KeepJournal > 0 {
		_, err = p.store.PruneJournal(ctx, now.Add(-p.config.KeepJournal), "revocation-worker")
		done("the journal was not pruned", err)
	}
}

// forget goes on where it ended the last time.
func (p *running) forget(ctx context.Context, facts *postgres.Forgetting, before time.Time) error {
	for range forgetParts {
		n, last, err := facts.Part(ctx, events.Millis(before.UnixMilli()))
		if n > 0 {
			p.logger.Info().Int("scopes", n).Msg("forgot people and sessions that nobody holds anything of")
		}
		if err != nil || last {
			return err
		}
	}
	return nil
}
