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
	// goose writes its own table before the first migration, so the schema must be there.
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS tokenstate"); err != nil {
		return err
	}
	files, err := fs.Sub(schema.FS, "migrations")
	if err != nil {
		return err
	}
	store, err := database.NewStore(database.DialectPostgres, "tokenstate.goose_db_version")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(database.DialectCustom, db, files, goose.WithStore(store))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
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
