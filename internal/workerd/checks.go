package workerd

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/ops"
)

// checks: a standby is ready, since there is nothing more that it needs.
func (p *running) checks() []ops.Check {
	return []ops.Check{
		{Name: "postgres", Ask: func() (bool, string) {
			ctx, cancel := context.WithTimeout(context.Background(), retryEvery)
			defer cancel()
			if _, err := p.store.Floor(ctx); err != nil {
				return false, "Postgres does not answer, or the schema is missing: check DATABASE_URL, run `revocation-worker migrate up`"
			}
			return true, ""
		}},
		{Name: "log", Ask: func() (bool, string) {
			ctx, cancel := context.WithTimeout(context.Background(), retryEvery)
			defer cancel()
			if _, err := p.log.Info(ctx); err != nil {
				return false, "NATS does not answer, or the stream TOKENSTATE is missing: check NATS_URL, and that the operator has made the stream"
			}
			return true, ""
		}},
		{Name: "caught-up", Ask: p.known.Ready},
	}
}
