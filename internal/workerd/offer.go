package workerd

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/inspection"
)

// tellOffer logs by which way Keycloak is looked at, whenever that changes.
func (p *running) tellOffer(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for last := ""; ; {
		if way := inspection.Offered(ctx, p.resource); way != last && ctx.Err() == nil {
			last = way
			if way == "" {
				p.logger.Info().Msg("Keycloak is looked at through its tokenstate resource, which reads the database and changes nothing")
			} else {
				p.logger.Warn().Str("reason", way).Msg("Keycloak is looked at over its admin API, which fills its caches and validates users of directories")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
