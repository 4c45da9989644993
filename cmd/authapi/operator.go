package main

import (
	"context"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"

	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// operator is what an operator's command works on.
type operator struct {
	database secret.Text
	files    vault.Paths
	realm    string
	pool     *pgxpool.Pool
}

func (o *operator) keys() *keyrows.Store   { return keyrows.New(o.pool) }
func (o *operator) store() *postgres.Store { return postgres.New(o.pool) }

// secrets are the files' contents. Loose rights are what authapi secrets check tells.
func (o *operator) secrets() (vault.Secrets, error) { return secrets(o.files, zerolog.Nop()) }

// operatorCommand is a command with the operator's settings beside its own flags.
func operatorCommand(name, args, usage string, flags []cli.Flag, do func(context.Context, *cli.Command, *operator) error) *cli.Command {
	o := &operator{}
	table := settings.New("AUTHAPI_")
	table.Database(&o.database)
	addFiles(table, &o.files)
	addRealm(table, &o.realm)
	return table.On(&cli.Command{
		Name: name, ArgsUsage: args, Usage: usage, Flags: append(flags, ops.OutputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			pool, err := open(ctx, o.database, postgres.Operating())
			if err != nil {
				return err
			}
			defer pool.Close()
			o.pool = pool
			return do(ctx, cmd, o)
		},
	})
}

func byFlag() cli.Flag {
	return &cli.StringFlag{Name: "by", Value: whoami(), Usage: "who does it, for the journal"}
}

func reasonFlag() cli.Flag {
	return &cli.StringFlag{Name: "reason", Usage: "why, for the journal", Required: true}
}

func whoami() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := os.Getenv(name); who != "" {
			return "operator " + who
		}
	}
	return "operator"
}

// orNull is null in JSON for nothing; orDash is "-" in a table.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNull(s events.Seconds) *string {
	if s == 0 {
		return nil
	}
	return orNull(s.Time().UTC().Format(time.RFC3339))
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
