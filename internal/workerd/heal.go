package workerd

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// lossMargin is how far before the last applied message the event stores are read again.
const lossMargin = time.Hour

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
