package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Exit codes, as the programs have them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

var (
	errUsage       = errors.New("usage")
	errInterrupted = errors.New("interrupted; what was started has been stopped")
	errNoRoot      = errors.New("no go.mod here or above: run devstack inside the checkout")
)

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string) (int, error) {
	code := 0
	app := &cli.Command{
		Name:            "devstack",
		Usage:           "a real Postgres, NATS, Keycloak, worker and authapi on free loopback ports",
		Commands:        commands(&code),
		CommandNotFound: func(context.Context, *cli.Command, string) { code = exitUsage },
		ExitErrHandler:  func(context.Context, *cli.Command, error) {}, // main exits, once
	}
	for _, c := range append(app.Commands, app) {
		c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	err := app.Run(ctx, args)
	switch {
	case err == nil:
		return code, nil
	case ctx.Err() != nil:
		return exitInterrupted, errInterrupted
	case errors.Is(err, errUsage):
		return exitUsage, err
	default:
		return exitFailed, err
	}
}

// root is the checkout that holds the working directory.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return "", errNoRoot
	}
}

func commands(code *int) []*cli.Command {
	return []*cli.Command{
		{Name: "up", Usage: "start in the background; returns when ready, with the addresses in .dev/env", Action: up},
		{Name: "down", Usage: "stop what up started", Action: down},
		{Name: "demo", Usage: "start, play the README's story, stop", Action: demoStory},
		{
			Name: "run", Usage: "start, run a command with the addresses in its environment, stop", ArgsUsage: "-- COMMAND [ARG ...]",
			Flags: []cli.Flag{&cli.BoolFlag{Name: "services", Usage: "only Postgres, NATS and Keycloak, as throwaways for tests"}},
			Action: func(ctx context.Context, c *cli.Command) (err error) {
				*code, err = runBeside(ctx, c.Bool("services"), c.Args().Slice())
				return err
			},
		},
		{
			Name: "user", Usage: "make a user of the running stack, log in, and print USER_ID, REFRESH_TOKEN and API_KEY for a shell to eval",
			ArgsUsage: "NAME", Action: user,
		},
		{
			Name: "docs", Usage: "run the commands of documents on the running stack and compare the answers", ArgsUsage: "FILE ...", Action: docs,
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "write", Usage: "put the answers into the documents instead"},
				&cli.StringFlag{Name: "examples", Usage: "file of one exchange for each call of authapi, all of which the first document must show"},
			},
		},
		{Name: "note", Usage: "keep what `truth` prints in docs/keycloak-versions.md", ArgsUsage: "VERSION", Action: note},
		{Name: "prepare", Usage: "make the stream and the worker's client on a NATS and a Keycloak that run elsewhere", Action: prepare},
		{Name: "supervise", Hidden: true, Action: supervise},
		{
			Name: "nats-server", Hidden: true,
			Action: func(_ context.Context, c *cli.Command) error { return devstack.ServeNATS(c.Args().First()) },
		},
		{Name: "nats-health", Hidden: true, Action: func(context.Context, *cli.Command) error { return devstack.NATSHealth() }},
	}
}
