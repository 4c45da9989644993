package workerd

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/worker"
)

// notify writes notices until ctx ends.
func (p *running) notify(ctx context.Context) error {
	c := &p.config.Notices
	t := &worker.Teller{
		Known: p.known, Notices: p.store, Settle: c.Settle, LoginURL: c.LoginURL, Skip: c.Skipped(),
		Wrote: p.measures.told, Logger: p.logger,
	}
	return t.Run(ctx)
}
