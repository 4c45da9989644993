package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/tokenstate/tokenstate/db/schema"
)

// Migrate brings the database up to date; it may run any number of times.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	if err := migrate(ctx, db); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	p, err := provider(ctx, db)
	if err != nil {
		return err
	}
	if err := forbidOlder(ctx, db); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	return allowOurs(ctx, db)
}

// forbidOlder stops programs that are too old, before anything is taken away from them.
func forbidOlder(ctx context.Context, db *sql.DB) error {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass('tokenstate.schema_range') IS NOT NULL").Scan(&there); err != nil || !there {
		return err
	}
	_, err := db.ExecContext(ctx, "UPDATE tokenstate.schema_range SET min_compatible = least(version, greatest(min_compatible, $1))", schema.MinCompatible)
	return err
}

// allowOurs says which programs may run. An older program's migrate up lowers nothing.
func allowOurs(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `INSERT INTO tokenstate.schema_range AS r (version, min_compatible) VALUES ($1, $2)
		ON CONFLICT (one) DO UPDATE SET version = greatest(r.version, excluded.version), min_compatible = greatest(r.min_compatible, excluded.min_compatible)`,
		schema.Version, schema.MinCompatible)
	return err
}

func provider(ctx context.Context, db *sql.DB) (*goose.Provider, error) {
	// goose writes its own table before the first migration, so the schema must be there.
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS tokenstate"); err != nil {
		return nil, err
	}
	files, err := fs.Sub(schema.FS, "migrations")
	if err != nil {
		return nil, err
	}
	store, err := database.NewStore(database.DialectPostgres, "tokenstate.goose_db_version")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(database.DialectCustom, db, files, goose.WithStore(store))
}

// anySchema is for who brings the schema up to date. A migration that waits for a lock has everybody
// wait behind it, so that wait is bounded, too.
func anySchema(context.Context, *pgx.Conn) error { return nil }

// MigrateURL is Migrate with connections of its own.
func MigrateURL(ctx context.Context, databaseURL string) error {
	pool, err := bounded(ctx, databaseURL, Operating(), anySchema)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer pool.Close()
	return Migrate(ctx, pool)
}

// SchemaVersion says at which version the database is, and which one this program was made for.
func SchemaVersion(ctx context.Context, databaseURL string) (at, want int64, err error) {
	pool, err := bounded(ctx, databaseURL, Operating(), anySchema)
	if err != nil {
		return 0, 0, fmt.Errorf("schema version: %w", err)
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	p, err := provider(ctx, db)
	if err == nil {
		at, err = p.GetDBVersion(ctx)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("schema version: %w", err)
	}
	return at, schema.Version, nil
}
