package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/db/schema"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/audit"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/tracing"
	"github.com/tokenstate/tokenstate/internal/vault"
)

const pollEvery = time.Second

func serveCommand() *cli.Command {
	var c config
	table := c.table()
	return table.On(&cli.Command{
		Name: "serve", Usage: "answer until told to stop",
		Action: func(ctx context.Context, _ *cli.Command) error { return serve(ctx, &c) },
	})
}

func serve(ctx context.Context, c *config) error {
	logger := c.logging.Logger("authapi")
	traced, err := tracing.Start(ctx, "authapi", ops.Built(schema.Version))
	if err != nil {
		return fmt.Errorf("%w: OTEL_EXPORTER_OTLP_*: %w", settings.ErrConfiguration, err)
	}
	defer func() { _ = ops.Within(ctx, traced) }()
	held, err := secrets(c.files, logger)
	if err != nil {
		return err
	}
	certs, err := c.certificates()
	if err != nil {
		return err
	}
	configured, realms, err := c.realms()
	if err != nil {
		return err
	}
	pool, err := open(ctx, c.database, postgres.Serving())
	if err != nil {
		return err
	}
	defer pool.Close()
	registry := prometheus.NewRegistry()
	source, err := c.source(ctx, pool, registry, logger)
	if err != nil {
		return err
	}
	defer source.Close()
	var s *authapi.Server
	measure := latency(registry)
	lost := adapters.NewAgain(postgres.New(pool), logger)
	options := projection.Options{
		Installed: func(c projection.Change) { measure(c); s.Tokens.Installed(c) },
		Loaded:    func() { s.Tokens.Loaded() }, Remembered: lost.Remembered,
	}
	known := projection.New(source, c.keeping.options(options, held, logger), logger)
	c.register(registry, pool, known)
	senders, err := c.backChannel.senders(configured, realms)
	if err != nil {
		return err
	}
	if s, err = c.server(pool, held, known, realms, senders, registry, logger); err != nil {
		return err
	}
	handler, err := s.Handler()
	if err != nil {
		return err
	}
	defer s.Flush(context.WithoutCancel(ctx))
	all, ctx := errgroup.WithContext(ctx)
	a := &ops.Admin{Gatherer: registry, Profiles: c.pprof == "on", Checks: []ops.Check{{Name: "caught-up", Ask: known.Ready}}}
	context.AfterFunc(ctx, a.Stopping)
	for _, work := range []func(context.Context) error{known.Run, known.Keep, lost.Run, s.Tokens.Housekeep, s.Run} {
		all.Go(func() error { return work(ctx) })
	}
	if certs != nil {
		all.Go(func() error { return certs.ReloadOnHangup(ctx, logger) })
	}
	all.Go(func() error { return ops.ServeTLS(ctx, c.addr, handler, certs) })
	all.Go(func() error { return ops.Serve(ctx, c.adminAddr, a.Handler()) })
	all.Go(func() error { return c.gateway.serve(ctx, s, certs) })
	logger.Info().Str("addr", c.addr).Str("admin", c.adminAddr).Str("version", ops.Built(schema.Version)).
		Str("keycloak", configured[0].URL).Strs("realms", slices.Sorted(maps.Keys(realms))).Str("database", postgres.Place(pool)).Msg("started")
	return all.Wait()
}

// register has the metrics that need nothing of a request.
func (c *config) register(r prometheus.Registerer, pool *pgxpool.Pool, known *projection.Projection) {
	r.MustRegister(ops.BuildInfo("authapi"), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), ops.Pool{Pool: pool},
		knowledgeAge(known.Now, known.KnownUntil), standingStale(known.Now, known.KnownUntil, c.standingMaxAge), snapshotAge(known),
		feedVersion(known), databaseAge(known))
}

// server joins the rooms.
func (c *config) server(pool *pgxpool.Pool, held vault.Secrets, known *projection.Projection, realms idp.Realms,
	senders tokens.LogoutTokens, r prometheus.Registerer, logger zerolog.Logger,
) (*authapi.Server, error) {
	st, rows := postgres.New(pool), keyrows.New(pool)
	sealed := adapters.Custody{Store: st, Keys: held.Tokens}
	all := authapi.Config{
		Gate: gate.Config{
			Realms: realms, Known: known, Clock: known.Now, Peppers: held.Peppers, Logger: logger, MaxRequests: c.maxRequests,
			CheckMembers: c.orgCheck == "members", NoKeyPasses: c.gateway.noKey == "pass",
			Uses: gate.NewUses(rows), Limits: gate.NewLimits(c.keyRate, c.failureRate, c.trustedProxies),
		},
		Tokens: sealed, Turns: adapters.Turns{Custody: sealed}, Logouts: adapters.Logouts{Store: st}, LogoutTokens: senders,
		BlindReuse: c.blindReuse,
		SystemKeys: adapters.SystemKeys{Store: rows}, UserKeys: rows, Members: rows, Master: held.Master, OldMasters: held.OldMasters,
		Orders: adapters.Orders{Store: st}, Stories: adapters.Stories{Pool: pool}, Arrivals: adapters.Arrivals{Store: st},
		LogState: adapters.LogState{Store: st}, Notices: adapters.Notices{Notices: st.Notices()},
		AppName: c.integrations.appName, Docs: c.docs == "on",
		Trail: audit.NewTrail(adapters.Acts{Store: rows}), Registry: r,
	}
	if c.mode == "strict" {
		all.Gate.StandingMaxAge = c.standingMaxAge
	}
	return authapi.New(all)
}
