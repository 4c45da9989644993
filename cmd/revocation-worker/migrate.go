package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func migrateCommand() *cli.Command {
	nothing := func(context.Context, *cli.Command, string) error { return nil }
	up := func(ctx context.Context, cmd *cli.Command, url string) error {
		if cmd.Bool("dry-run") {
			return nil
		}
		return postgres.MigrateURL(ctx, url)
	}
	return &cli.Command{
		Name: "migrate", Usage: "bring the database's schema up to date, or say where it is",
		Commands: []*cli.Command{
			onDatabase("up", "bring the schema up to date; it may run any number of times, beside running programs", up,
				&cli.BoolFlag{Name: "dry-run", Usage: "say what there is to apply, and apply nothing; exit code 3 if anything"}),
			onDatabase("status", "say whether the database's schema is this program's", nothing),
		},
	}
}

// onDatabase is a command that says where the schema is after do.
func onDatabase(name, usage string, do func(ctx context.Context, cmd *cli.Command, url string) error, flags ...cli.Flag) *cli.Command {
	var url secret.Text
	table := settings.New("WORKER_")
	table.Database(&url)
	return table.On(&cli.Command{
		Name: name, Usage: usage, Flags: append(flags, ops.OutputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := do(ctx, cmd, url.Reveal()); err != nil {
				return err
			}
			return showVersions(ctx, cmd, url.Reveal())
		},
	})
}

func showVersions(ctx context.Context, cmd *cli.Command, url string) error {
	at, want, err := postgres.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	err = ops.Output(cmd, map[string]int64{"database": at, "program": want}, func(w io.Writer) { ops.Row(w, whereItIs(at, want)) })
	if err == nil && cmd.Bool("dry-run") && at < want {
		err = fmt.Errorf("%w: nothing was applied", ops.ErrDifferences)
	}
	return err
}

func whereItIs(at, want int64) string {
	switch {
	case at < want:
		return fmt.Sprintf("%d to apply: the database is at %d, this program is made for %d", want-at, at, want)
	case at > want:
		return fmt.Sprintf("the database is at %d, newer than this program, which is made for %d", at, want)
	default:
		return fmt.Sprintf("up to date (%d)", at)
	}
}
