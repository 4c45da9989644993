package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func migrateCommand() *cli.Command {
	return &cli.Command{
		Name: "migrate", Usage: "bring the database's schema up to date, or say where it is",
		Commands: []*cli.Command{
			onDatabase("up", "bring the schema up to date; it may run any number of times, beside running programs", func(ctx context.Context, url string, _ io.Writer) error {
				return postgres.MigrateURL(ctx, url) //nolint:wrapcheck // it says itself what failed
			}),
			onDatabase("status", "print the database's version and this program's", func(ctx context.Context, url string, out io.Writer) error {
				at, want, err := postgres.SchemaVersion(ctx, url)
				if err != nil {
					return err //nolint:wrapcheck // as above
				}
				_, err = fmt.Fprintf(out, "database\t%d\nprogram\t%d\n", at, want)
				return err //nolint:wrapcheck // about our own output
			}),
		},
	}
}

func onDatabase(name, usage string, do func(ctx context.Context, url string, out io.Writer) error) *cli.Command {
	var url secret.Text
	table := settings.New("WORKER_MIGRATE_")
	table.Secret(&url, "DATABASE_URL", "Postgres; without it libpq's PGHOST and so on")
	return &cli.Command{
		Name: name, Usage: usage, Flags: table.Flags(), Description: table.Description(),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := table.Load(cmd); err != nil {
				return err //nolint:wrapcheck // as above
			}
			return do(ctx, url.Reveal(), cmd.Root().Writer)
		},
	}
}
