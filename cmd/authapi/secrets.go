package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

func secretsCommand() *cli.Command {
	var p vault.Paths
	table := settings.New("AUTHAPI_")
	addFiles(table, &p)
	table.Must(fileSettings...)
	return &cli.Command{
		Name: "secrets", Usage: "the files of secrets that authapi needs",
		Commands: []*cli.Command{table.On(&cli.Command{
			Name: "generate", Usage: "make the four files where their settings say; never overwrites one", Flags: []cli.Flag{ops.OutputFlag()},
			Action: func(_ context.Context, cmd *cli.Command) error { return generateSecrets(cmd, p) },
		}), checkCommand(), rotateCommand(), resealCommand()},
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
