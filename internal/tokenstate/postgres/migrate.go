package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

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
	_, err = p.Up(ctx)
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

// MigrateURL is Migrate with connections of its own.
func MigrateURL(ctx context.Context, databaseURL string) error {
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer pool.Close()
	return Migrate(ctx, pool)
}

// SchemaVersion says at which version the database is, and which one this program was made for.
func SchemaVersion(ctx context.Context, databaseURL string) (at, want int64, err error) {
	pool, err := pgxpool.New(ctx, databaseURL)
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
