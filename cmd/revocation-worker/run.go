package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/tracing"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Intervals of the background work.
const (
	relayEvery = 500 * time.Millisecond
	pollEvery  = time.Second
	retryEvery = 2 * time.Second
)

func runCommand() *cli.Command {
	var c config
	table := c.table()
	return table.On(&cli.Command{
		Name: "run", Usage: "read the log, look at Keycloak and keep the state, until told to stop",
		Action: func(ctx context.Context, _ *cli.Command) error { return run(ctx, &c) },
	})
}

func run(ctx context.Context, c *config) error {
	logger := c.logging.Logger("revocation-worker")
	traced, err := tracing.Start(ctx, "revocation-worker", ops.Built(schema.Version))
	if err != nil {
		return fmt.Errorf("%w: OTEL_EXPORTER_OTLP_*: %w", settings.ErrConfiguration, err)
	}
	defer func() { _ = ops.Within(ctx, traced) }()
	pool, err := c.pool(ctx, postgres.Serving())
	if err != nil {
		return err
	}
	defer pool.Close()
	admin, err := c.admin()
	if err != nil {
		return err
	}
	aliases, err := c.aliases()
	if err != nil {
		return err
	}
	slow, err := c.pages()
	if err != nil {
		return err
	}
	log, err := c.log(ctx, logger)
	if err != nil {
		return err
	}
	defer log.Close()
	st := postgres.New(pool)
	source := pgsource.New(pool, pollEvery)
	defer source.Close()
	known := projection.New(source, projection.Options{}, logger)
	p := &running{c: c, pool: pool, admin: admin, resource: admin.Resource(), log: theLog{log}, store: st, known: known, logger: logger}
	p.stores = &asking.Stores{Pause: c.storePause, Changed: known.ChangedBeneath, Since: known.StoreUsersSince}
	p.looker = &worker.Looker{
		Known: known, Ask: asking.Asker{
			Admin: admin, Inside: &asking.Inside{Resource: p.resource}, WasThere: briefly(known.RealmWasThere),
			Sighted: known.Sighted, Stores: p.stores, StoreOf: known.LivesIn,
		}, Log: p.log, Bind: st, Interval: c.lookEvery, Rate: c.lookRate,
		Now: st.Now, Logger: logger,
		Pages: &worker.Pages{
			Known: known, Ask: asking.Pager{Admin: slow, Stores: p.stores}, Keys: asking.Inside{Resource: slow.Resource()},
			Log: p.log, Logger: logger,
		},
		Owners: c.ownerSweep,
	}
	p.backfill = &backfill.Backfill{
		Archive: archive{admin, aliases}, Journal: archived{st}, Log: p.log, AdminRealm: c.adminRealm,
		Interval: c.backfillEvery, Overlap: c.overlap, Grace: c.grace, Logger: logger, Soon: make(chan struct{}, 1),
	}
	p.backfill.Lost = p.healStore
	registry := prometheus.NewRegistry()
	p.measures = newMeasures(registry, p)

	all, ctx := errgroup.WithContext(ctx)
	a := &ops.Admin{Gatherer: registry, Profiles: c.pprof == "on", Checks: p.checks()}
	context.AfterFunc(ctx, a.Stopping)
	all.Go(func() error { return ops.Serve(ctx, c.adminAddr, a.Handler()) })
	all.Go(func() error { return known.Run(ctx) })
	all.Go(func() error { return p.lead(ctx) })
	logger.Info().Str("admin", c.adminAddr).Str("version", ops.Built(schema.Version)).Str("keycloak", c.keycloakURL).
		Str("nats", c.natsHosts()).Str("stream", stream.Name).Str("database", postgres.Place(pool)).Msg("started")
	return all.Wait()
}

// running is what the parts of a running worker share.
type running struct {
	c        *config
	pool     *pgxpool.Pool
	admin    *keycloak.Admin
	resource *keycloak.Resource
	log      theLog
	store    *postgres.Store
	known    *projection.Projection
	looker   *worker.Looker
	stores   *asking.Stores
	backfill *backfill.Backfill
	measures *measures
	rights   *doctor.Rights // of the self-test alone
	// unwritten is a string: why the log could not be written when it was last tried.
	unwritten atomic.Value
	logger    zerolog.Logger
}

// lead works whenever this process is the active one, and waits otherwise.
func (p *running) lead(ctx context.Context) error {
	for ctx.Err() == nil {
		held, release, err := p.await(ctx)
		if err == nil {
			if err = p.store.SetRules(held, p.c.rules()); err == nil {
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
	all.Go(func() error { return p.keep(ctx) })
	all.Go(func() error { return p.selfTest(ctx) })
	all.Go(func() error { return p.tryLog(ctx) })
	all.Go(func() error { return p.tellOffer(ctx) })
	return all.Wait()
}

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
