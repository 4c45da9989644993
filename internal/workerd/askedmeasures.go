package workerd

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
)

// askedGauges are the metrics that are asked for at each scrape.
func (p *running) askedGauges() *askedGauges {
	asked := askedGauges{}
	asked.add("tokenstate_log_lag_messages", "Messages in the log that are not applied.", p.lag)
	asked.add("tokenstate_parked_messages", "Messages that could not be read.", func(ctx context.Context) (float64, error) {
		n, err := p.store.ParkedCount(ctx)
		return float64(n), err
	})
	asked.add("tokenstate_parked_notices", "Deliveries of notices that endpoints have not taken in three days.", func(ctx context.Context) (float64, error) {
		parked, err := p.store.Notices().ParkedDeliveries(ctx)
		n := int64(0)
		for _, one := range parked {
			n += one.Notices
		}
		return float64(n), err
	})
	asked.add("tokenstate_outbox_oldest_seconds", "Age of the oldest order that is not in the log.",
		func(ctx context.Context) (float64, error) {
			d, err := p.store.OutboxAge(ctx)
			return d.Seconds(), err
		})
	asked.add("tokenstate_oldest_doubt_seconds", "For how long the longest due subject has waited for a look.",
		func(context.Context) (float64, error) {
			return p.looker.Oldest(time.Now()).Seconds(), nil
		})
	asked.add("tokenstate_sweep_age_seconds", "Since the token or owner that was not seen for longest was looked at.", func(context.Context) (float64, error) {
		return since(p.known.SweptUntil()), nil
	})
	asked.add("tokenstate_owners_age_seconds", "Since a walk began that found every owner of keys and tokens again, in the realm where that is longest ago. There is none before the first, and where Keycloak offers no pages by key.", func(context.Context) (float64, error) {
		if found := p.looker.OwnersFound(); !found.IsZero() {
			return time.Since(found).Seconds(), nil
		}
		return 0, errNothingYet
	})
	asked.add("tokenstate_knowledge_age_seconds", "Since Keycloak was known completely.", func(context.Context) (float64, error) {
		return since(p.known.KnownUntil()), nil
	})
	return &asked
}

func since(at events.Millis) float64 { return time.Since(at.Time()).Seconds() }

func (p *running) lag(ctx context.Context) (float64, error) {
	info, err := p.log.Info(ctx)
	if err != nil {
		return 0, err
	}
	floor, err := p.store.Floor(ctx)
	return float64(info.Last) - float64(floor.Seq), err
}
