package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd"
)

func runCommand() *cli.Command {
	var c workerconfig.Config
	table := c.Table()
	return table.On(&cli.Command{
		Name: "run", Usage: "read the log, look at Keycloak and keep the state, until told to stop",
		Action: func(ctx context.Context, _ *cli.Command) error { return workerd.Run(ctx, &c) },
	})
}
