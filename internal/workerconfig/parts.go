package workerconfig

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/tracing"
)

// Rules are what verdicts are made by.
func (c *Config) Rules() tokenstate.Rules {
	ms := func(d time.Duration) tokenstate.Millis { return tokenstate.Millis(d.Milliseconds()) }
	return tokenstate.Rules{
		Margin: ms(c.Margin), Skew: ms(c.Skew), CacheLag: ms(c.CacheLag), Sweep: ms(c.Sweep), ClosedSweep: ms(c.ClosedSweep),
	}
}

// Pool is a pool of connections to Postgres, within b.
func (c *Config) Pool(ctx context.Context, b postgres.Bounds) (*pgxpool.Pool, error) {
	p, err := postgres.Open(ctx, c.Database.Reveal(), b)
	if err != nil {
		return nil, errUsable("DATABASE_URL")
	}
	return p, nil
}

// errUsable leaves out the library's own words, which repeat the URL.
func errUsable(name string) error {
	return fmt.Errorf("%w: %s cannot be used: check its form", settings.ErrConfiguration, name)
}

// Admin is Keycloak's admin API.
func (c *Config) Admin() (*keycloak.Admin, error) { return c.adminWith(0) }

// Pages is another connection with a breaker of its own: a long page is slow, and must not keep a
// look at one user from being tried.
func (c *Config) Pages() (*keycloak.Admin, error) { return c.adminWith(20 * time.Second) }

func (c *Config) adminWith(timeout time.Duration) (*keycloak.Admin, error) {
	names, err := c.Aliases()
	if err != nil {
		return nil, err
	}
	a, err := keycloak.NewAdmin(keycloak.Config{
		BaseURL: c.KeycloakURL, Realm: c.AdminRealm, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Timeout: timeout, Names: names.byAlias(),
		Transport: tracing.Calling("keycloak", keycloak.NewTransport()),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	return a, nil
}
