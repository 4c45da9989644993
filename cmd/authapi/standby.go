package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// reader is where answers come from.
type reader interface {
	projection.Source
	Close()
}

// source is the primary, or the standby of DATABASE_READ_URL beside it.
func (c *config) source(ctx context.Context, primary *pgxpool.Pool, r prometheus.Registerer, logger zerolog.Logger) (reader, error) {
	if c.standby.Empty() {
		return pgsource.New(primary, pollEvery), nil
	}
	pool, err := postgres.Open(ctx, c.standby.Reveal(), postgres.Serving())
	if err != nil {
		return nil, fmt.Errorf("%w: DATABASE_READ_URL cannot be used: check its form", settings.ErrConfiguration)
	}
	s := reading{pgsource.NewStandby(primary, pool, pollEvery, logger), pool}
	switch err := s.Check(ctx); {
	case errors.Is(err, pgsource.ErrOtherDatabase):
		s.Close()
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	case err != nil:
		logger.Warn().Err(err).Msg("whether DATABASE_READ_URL leads to a standby of DATABASE_URL cannot be told yet")
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tokenstate_standby_followed",
		Help: "1: what is new is read from the standby of DATABASE_READ_URL. 0: from the primary, until the standby can be followed.",
	}, func() float64 {
		if s.Followed() {
			return 1
		}
		return 0
	}))
	logger.Info().Str("standby", postgres.Place(pool)).Msg("reading from a standby")
	return s, nil
}

// reading has its pool to itself.
type reading struct {
	*pgsource.Standby

	pool *pgxpool.Pool
}

// Close ends what waits for news, and the connections.
func (r reading) Close() {
	r.Standby.Close()
	r.pool.Close()
}
