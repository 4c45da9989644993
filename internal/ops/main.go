package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Exit codes of the contract.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitDifferences = 3
	exitInterrupted = 130
)

// What makes another exit code than 1.
var (
	ErrUsage       = errors.New("usage")
	ErrDifferences = errors.New("differences were found")
)

// Main runs a program, made for that version of the database's schema, and returns its exit code. SIGTERM and
// SIGINT end ctx, so that the program drains; a second one cuts.
func Main(app *cli.Command, schema int64) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // from here on the default applies: the second signal ends us
	app.Version, app.EnableShellCompletion, app.Suggest = Built(schema), true, true
	strict(app)
	err := ours(app.Run(ctx, os.Args))
	if err != nil && !errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintf(os.Stderr, "%s: %v\n", app.Name, err)
	}
	return code(err, len(interrupted) > 0)
}

// ours makes a usage error of what the library would leave the program with: help was asked for on a command that is none.
func ours(err error) error {
	if _, its := errors.AsType[cli.ExitCoder](err); its {
		return fmt.Errorf("%w: no such command; see --help", ErrUsage)
	}
	return err
}

func code(err error, interrupted bool) int {
	switch {
	case interrupted:
		return exitInterrupted
	case err == nil || errors.Is(err, context.Canceled):
		return 0
	case errors.Is(err, ErrUsage) || errors.Is(err, settings.ErrConfiguration):
		return exitUsage
	case errors.Is(err, ErrDifferences), errors.Is(err, ErrNothingReached):
		return exitDifferences
	default:
		return exitFailed
	}
}

// strict makes unknown commands and flags usage errors. The library's own way out is os.Exit,
// with 3 for an unknown command, which means differences here.
func strict(c *cli.Command) {
	c.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w: %w; see --help", ErrUsage, err)
	}
	if c.Action == nil {
		c.Action = func(_ context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return noSuch(c)
			}
			return cli.ShowSubcommandHelp(c)
		}
	} else if c.ArgsUsage == "" {
		c.Action = withoutArguments(c.Action)
	}
	for _, sub := range c.Commands {
		strict(sub)
	}
}

func noSuch(c *cli.Command) error {
	if like := cli.SuggestCommand(c.Commands, c.Args().First()); like != "" {
		return fmt.Errorf("%w: no such command; did you mean %s? See --help", ErrUsage, like)
	}
	return fmt.Errorf("%w: no such command; see --help", ErrUsage)
}

// withoutArguments refuses what the library would leave unread: whoever writes `run status` wants no worker.
func withoutArguments(action cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		if c.Args().Present() {
			return fmt.Errorf("%w: %s takes no arguments; see --help", ErrUsage, c.Name)
		}
		return action(ctx, c)
	}
}
