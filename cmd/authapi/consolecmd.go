package main

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/db/schema"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/adapters"
	"github.com/tokenstate/tokenstate/internal/console/scrape"
	"github.com/tokenstate/tokenstate/internal/console/upstream"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func consoleCommand() *cli.Command {
	var c consoleConfig
	table := c.table()
	return table.On(&cli.Command{
		Name: "console", Usage: "show people what is known, until told to stop",
		Action: func(ctx context.Context, _ *cli.Command) error { return serveConsole(ctx, &c) },
	})
}

func serveConsole(ctx context.Context, c *consoleConfig) error {
	logger := c.logging.Logger("console")
	public, err := c.check()
	if err != nil {
		return err
	}
	var certs *ops.Certificates
	if c.tls.Wanted() {
		if certs, err = ops.LoadTLS(c.tls); err != nil {
			return fmt.Errorf("%w: CONSOLE_TLS_*: %w", settings.ErrConfiguration, err)
		}
	}
	pool, err := open(ctx, c.database, postgres.Serving())
	if err != nil {
		return err
	}
	defer pool.Close()
	source := pgsource.NewShown(pool, pollEvery)
	defer source.Close()
	known := projection.New(source, projection.Options{}, logger)
	api := &upstream.Authapi{URL: c.authapiURL, Credential: c.serviceKey, OfRealm: c.realm}
	scraper := &scrape.Scraper{Programs: c.programs(), Age: age(known), Logger: logger}
	store, held := postgres.New(pool), keyrows.New(pool)
	s := console.New(console.Config{
		Known: known, Rows: adapters.Rows{Store: store, Held: held}, Checks: adapters.Checks{Store: store, Held: held}, Authapi: api,
		Logins: c.loginsAt(public, api),
		Public: public, Issuer: c.issuer, Version: ops.Built(schema.Version), Settings: c.shown(), Logger: logger,
		Samples: scraper.Samples, Scraped: len(scraper.Programs) > 0,
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(ops.BuildInfo("console"), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		knowledgeAge(known.Now, known.KnownUntil))
	all, ctx := errgroup.WithContext(ctx)
	a := &ops.Admin{Gatherer: registry, Checks: []ops.Check{{Name: "snapshot", Ask: loaded(known)}}}
	context.AfterFunc(ctx, a.Stopping)
	all.Go(func() error { return known.Run(ctx) })
	all.Go(func() error { return scraper.Run(ctx) })
	all.Go(func() error { return s.Run(ctx) })
	if certs != nil {
		all.Go(func() error { return certs.ReloadOnHangup(ctx, logger) })
	}
	all.Go(func() error { return ops.ServeTLS(ctx, c.addr, s.Handler(), certs) })
	all.Go(func() error { return ops.Serve(ctx, c.adminAddr, a.Handler()) })
	logger.Info().Str("addr", c.addr).Str("url", public.String()).Str("admin", c.adminAddr).Str("login", c.logins).
		Str("version", ops.Built(schema.Version)).Msg("started")
	return all.Wait()
}

// age is how old the knowledge is, in seconds; negative while nothing was heard.
func age(known *projection.Projection) func() float64 {
	return func() float64 {
		until := known.KnownUntil()
		if until == 0 {
			return -1
		}
		return known.Now().Sub(until.Time()).Seconds()
	}
}

// loaded: a console is of use although answers may not be relied on, for it says so. It needs to know
// something.
func loaded(known *projection.Projection) func() (bool, string) {
	return func() (bool, string) {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if known.WaitVersion(now, 0) != nil {
			return false, "no snapshot of the database has been loaded yet"
		}
		return true, ""
	}
}
