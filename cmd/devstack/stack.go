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

func up(ctx context.Context, _ *cli.Command) error {
	dir, err := root()
	if err != nil {
		return err
	}
	return devstack.Up(ctx, dir, os.Stderr)
}

func down(ctx context.Context, _ *cli.Command) error {
	dir, err := root()
	if err != nil {
		return err
	}
	return devstack.Down(ctx, dir, os.Stderr)
}

func supervise(ctx context.Context, _ *cli.Command) error {
	dir, err := root()
	if err != nil {
		return err
	}
	return devstack.Supervise(ctx, dir)
}

func runBeside(ctx context.Context, services bool, command []string) (code int, err error) {
	if len(command) == 0 {
		return 0, fmt.Errorf("%w: say what to run: devstack run [--services] -- COMMAND", errUsage)
	}
	opts := devstack.Options{Services: services, Throwaway: services}
	err = withStack(ctx, "run", opts, func(s *devstack.Stack) error {
		code, err = s.Run(ctx, command)
		return err
	})
	return code, err
}

// withStack starts a stack, does something beside it, and stops it, whatever happened. The
// logs are in .dev/log/<name>, since a background stack may be using .dev/log.
func withStack(ctx context.Context, name string, opts devstack.Options, do func(*devstack.Stack) error) error {
	dir, err := root()
	if err != nil {
		return err
	}
	opts.Root, opts.Logs, opts.Progress = dir, filepath.Join(dir, ".dev", "log", name), os.Stderr
	s, err := devstack.Start(ctx, opts)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Stop())
}
