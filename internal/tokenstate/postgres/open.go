package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/db/schema"
)

// ErrSchema says that this program must not run on the database's schema; the text around it says
// what to do.
var ErrSchema = errors.New("the database's schema does not fit this program")

// No connection lives longer than connLife, so that a migration is soon noticed; pgx's default is
// an hour.
const (
	connLife   = 5 * time.Minute
	lifeJitter = time.Minute
	pgxLife    = time.Hour
)

// restful is how long a connection may rest before it is tried out, which is a transaction as well: longer than a follower of the
// feed waits between two questions. pgx's default is a second.
const restful = 3 * time.Second

// Open makes a pool for a program. Each connection is checked as it is made: nothing is read or
// written on a schema that the program does not fit. It waits for no connection.
func Open(ctx context.Context, databaseURL string, b Bounds) (*pgxpool.Pool, error) {
	return bounded(ctx, databaseURL, b, checkSchema)
}

// bounded makes a pool whose every wait has a bound, and whose connections check has seen.
func bounded(ctx context.Context, databaseURL string, b Bounds, check func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, err // it repeats the URL, so the caller leaves it out
	}
	if config.MaxConnLifetime == pgxLife { // nobody chose
		config.MaxConnLifetime, config.MaxConnLifetimeJitter = connLife, lifeJitter
	}
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > restful }
	dial(&config.ConnConfig.Config)
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := checkPooled(ctx, conn); err != nil { // before a setting goes to somebody else's connection
			return err
		}
		if err := b.apply(ctx, conn); err != nil {
			return err
		}
		return check(ctx, conn)
	}
	traced := &tracer{bounds: b}
	config.ConnConfig.Tracer = traced
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		traced.pool.Store(pool)
	}
	return pool, err
}

// checkSchema holds to min_compatible ≤ the program's version ≤ the schema's.
func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	var at, least int64
	err := conn.QueryRow(ctx, "SELECT version, min_compatible FROM tokenstate.schema_range").Scan(&at, &least)
	missing, _ := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, pgx.ErrNoRows), missing != nil && missing.Code == "42P01": // older than this table
		at = 0
	case err != nil:
		return fmt.Errorf("ask for the schema's version: %w", err)
	}
	switch {
	case at < schema.Version:
		return fmt.Errorf("%w: it is at %d, and this program needs %d: run `revocation-worker migrate up`", ErrSchema, at, schema.Version)
	case schema.Version < least:
		return fmt.Errorf("%w: it is at %d, which programs before %d cannot use, and this one was made for %d: upgrade it", ErrSchema, at, least, schema.Version)
	}
	return nil
}

// Place is which database a pool is of, for people: no user, no password.
func Place(p *pgxpool.Pool) string {
	c := p.Config().ConnConfig
	return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database)
}
