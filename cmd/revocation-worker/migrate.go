package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func migrateCommand() *cli.Command {
	nothing := func(context.Context, string) error { return nil }
	return &cli.Command{
		Name: "migrate", Usage: "bring the database's schema up to date, or say where it is",
		Commands: []*cli.Command{
			onDatabase("up", "bring the schema up to date; it may run any number of times, beside running programs", postgres.MigrateURL),
			onDatabase("status", "print the database's version and this program's", nothing),
		},
	}
}

// onDatabase is a command that says where the schema is after do.
func onDatabase(name, usage string, do func(ctx context.Context, url string) error) *cli.Command {
	var url secret.Text
	table := settings.New("WORKER_MIGRATE_")
	table.Secret(&url, "DATABASE_URL", "Postgres; without it libpq's PGHOST and so on")
	return &cli.Command{
		Name: name, Usage: usage, Flags: append(table.Flags(), ops.OutputFlag()), Description: table.Description(),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := table.Load(cmd); err != nil {
				return err
			}
			if err := do(ctx, url.Reveal()); err != nil {
				return err
			}
			return showVersions(ctx, cmd, url.Reveal())
		},
	}
}

func showVersions(ctx context.Context, cmd *cli.Command, url string) error {
	at, want, err := postgres.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	return ops.Output(cmd, map[string]int64{"database": at, "program": want}, func(w io.Writer) {
		ops.Row(w, "database", at)
		ops.Row(w, "program", want)
	})
}
