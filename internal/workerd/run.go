package workerd

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/tracing"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// Intervals of the background work.
const (
	relayEvery = 500 * time.Millisecond
	pollEvery  = time.Second
	retryEvery = 2 * time.Second
)

// Run is a worker until ctx ends: it waits to be the active one, and then works.
func Run(ctx context.Context, c *workerconfig.Config) error {
	logger := c.Logging.Logger("revocation-worker")
	traced, err := tracing.Start(ctx, "revocation-worker", ops.Built(schema.Version))
	if err != nil {
		return fmt.Errorf("%w: OTEL_EXPORTER_OTLP_*: %w", settings.ErrConfiguration, err)
	}
	defer func() { _ = ops.Within(ctx, traced) }()
	pool, err := c.Pool(ctx, postgres.Serving())
	if err != nil {
		return err
	}
	defer pool.Close()
	told, err := readEndpoints(c.Notices.EndpointsFile, c.Notices.Networks)
	if err != nil {
		return err
	}
	log, err := c.Log(ctx, logger)
	if err != nil {
		return err
	}
	defer log.Close()
	source := pgsource.New(pool, pollEvery)
	defer source.Close()
	p := &running{
		config: c, pool: pool, log: Log{log}, store: postgres.New(pool), endpoints: told, logger: logger,
		known: projection.New(source, projection.Options{}, logger),
	}
	if err := p.join(); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	p.measures = newMeasures(registry, p)

	all, ctx := errgroup.WithContext(ctx)
	a := &ops.Admin{Gatherer: registry, Profiles: c.Profiles == "on", Checks: p.checks()}
	context.AfterFunc(ctx, a.Stopping)
	all.Go(func() error { return ops.Serve(ctx, c.AdminAddr, a.Handler()) })
	all.Go(func() error { return p.known.Run(ctx) })
	all.Go(func() error { return p.known.Count(ctx) })
	all.Go(func() error { return p.lead(ctx) })
	logger.Info().Str("admin", c.AdminAddr).Str("version", ops.Built(schema.Version)).Str("keycloak", c.KeycloakURL).
		Str("nats", c.NATSHosts()).Str("stream", stream.Name).Str("database", postgres.Place(pool)).Msg("started")
	return all.Wait()
}
