package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

func secretsCommand() *cli.Command {
	var p vault.Paths
	table := settings.New("AUTHAPI_SECRETS_")
	addFiles(table, &p)
	return &cli.Command{
		Name: "secrets", Usage: "the files of secrets that authapi needs",
		Commands: []*cli.Command{{
			Name: "generate", Usage: "make the four files; never overwrites one", Flags: append(table.Flags(), ops.OutputFlag()),
			Action: func(_ context.Context, cmd *cli.Command) error {
				if err := table.Load(cmd); err != nil {
					return err
				}
				if slices.Contains([]string{p.Keyset, p.Pepper, p.Master, p.Snapshot}, "") {
					return fmt.Errorf("%w: set AUTHAPI_KEYSET_FILE, AUTHAPI_PEPPER_FILE, AUTHAPI_MASTER_FILE and AUTHAPI_SNAPSHOT_FILE to where the files shall be", settings.ErrConfiguration)
				}
				return generateSecrets(cmd, p)
			},
		}, checkCommand(), rotateCommand(), resealCommand()},
	}
}

func generateSecrets(cmd *cli.Command, p vault.Paths) error {
	if err := vault.Generate(p); err != nil {
		return err
	}
	made := map[string]string{}
	for _, kind := range vault.Kinds() {
		made[string(kind)] = p.Path(kind)
	}
	return ops.Output(cmd, made, func(w io.Writer) {
		for _, kind := range vault.Kinds() {
			ops.Row(w, kind, p.Path(kind))
		}
	})
}
