package main

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// tellOffer logs by which way Keycloak is looked at, whenever that changes.
func (p *running) tellOffer(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for last := ""; ; {
		if way := offered(ctx, p.resource); way != last && ctx.Err() == nil {
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

// offered is why the resource is not used; "" if it is.
func offered(ctx context.Context, r *keycloak.Resource) string {
	if err := r.Offered(ctx); err != nil {
		return err.Error()
	}
	return ""
}
