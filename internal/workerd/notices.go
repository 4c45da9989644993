package workerd

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/internal/worker"
)

// notify writes notices, and brings them to whoever wants that, until ctx ends.
func (p *running) notify(ctx context.Context) error {
	c := &p.config.Notices
	t := &worker.Teller{
		Known: p.known, Notices: p.store.Notices(), Settle: c.Settle, LoginURL: c.LoginURL, Skip: c.Skipped(), For: p.endpoints.wanted,
		Wrote: p.measures.told, Logger: p.logger,
	}
	courier := &worker.Courier{Receivers: p.endpoints.receivers, Deliveries: p.store.Notices(), Tried: p.measures.tried, Logger: p.logger}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return t.Run(ctx) })
	all.Go(func() error { return courier.Run(ctx) })
	return all.Wait()
}
