package workerd

import (
	"context"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/tracing"
	"github.com/tokenstate/tokenstate/internal/worker"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// running is what the parts of a running worker share.
type running struct {
	config   *workerconfig.Config
	pool     *pgxpool.Pool
	admin    *keycloak.Admin
	resource *keycloak.Resource
	log      Log
	store    *postgres.Store
	known    *projection.Projection
	looker   *worker.Looker
	stores   *asking.Stores
	backfill *backfill.Backfill
	measures *measures
	rights   *doctor.Rights // of the self-test alone

	endpoints endpoints
	// unwritten is a string: why the log could not be written when it was last tried.
	unwritten atomic.Value
	logger    zerolog.Logger
}

// lead works whenever this process is the active one, and waits otherwise.
func (p *running) lead(ctx context.Context) error {
	for ctx.Err() == nil {
		held, release, err := p.await(ctx)
		if err == nil {
			if err = p.store.SetRules(held, p.config.Rules()); err == nil {
				p.logger.Info().Msg("active")
				p.measures.is(active)
				err = p.work(held)
				p.measures.is(standby)
			}
			release()
		}
		if ctx.Err() != nil {
			break
		}
		p.logger.Warn().Err(err).Msg("not active: is Postgres there, and migrated? trying again")
		_ = pause.For(ctx, retryEvery)
	}
	return nil //nolint:nilerr // only a stop that was asked for ends the loop
}

// await waits until this worker is the active one. A standby tries meanwhile what it will need: that
// its password for Keycloak or NATS is wrong must not be found out by a failover.
func (p *running) await(ctx context.Context) (held context.Context, release func(), err error) {
	waiting, cancel := context.WithCancel(ctx)
	var tests errgroup.Group
	defer func() { cancel(); _ = tests.Wait() }()
	testing := false
	return p.store.Lease(ctx, hostname(), func(name string) {
		p.logger.Info().Str("active", name).Msg("standby: " + name + " is active")
		if !testing {
			testing = true
			tests.Go(func() error { return p.testStandby(waiting) })
		}
	})
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unnamed host"
	}
	return name
}

// work ends when ctx does: each part goes on through faults of its own.
func (p *running) work(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	w := &worker.Worker{
		Log: p.log, Store: p.store, Epochs: p.store, Applied: func(b journal.Batch) { p.measures.applied(b); tracing.Applied(b) },
		Failing: func(times int) { p.measures.failing.Set(float64(times)) },
		Report:  p.heal, Logger: p.logger,
	}
	r := &worker.Relay{Outbox: p.store, Log: p.log, Interval: relayEvery, Logger: p.logger}
	all.Go(func() error { return w.Run(ctx) })
	all.Go(func() error { return p.looker.Run(ctx) })
	all.Go(func() error { return r.Run(ctx) })
	all.Go(func() error { return p.backfill.Run(ctx) })
	all.Go(func() error { return p.notify(ctx) })
	all.Go(func() error { return p.keep(ctx) })
	all.Go(func() error { return p.selfTest(ctx) })
	all.Go(func() error { return p.tryLog(ctx) })
	all.Go(func() error { return p.tellOffer(ctx) })
	return all.Wait()
}
