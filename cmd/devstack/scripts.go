package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/demo"
	"github.com/tokenstate/tokenstate/internal/devstack"
)

func demoStory(ctx context.Context, _ *cli.Command) error {
	return withStack(ctx, "demo", devstack.Options{}, func(s *devstack.Stack) error { return demo.Play(ctx, s.Env, os.Stdout) })
}

// truth runs the differential test on the whole system; its settings are environment variables.
func truth(ctx context.Context) (code int, err error) {
	opts := devstack.Options{Hushed: os.Getenv("TRUTH_LISTENER") == "off"}
	err = withStack(ctx, "truth", opts, func(s *devstack.Stack) error {
		code, err = s.Run(ctx, []string{"go", "test", "-count=1", "-v", "-timeout=60m", "-tags=truth", "./internal/truth/"})
		return err
	})
	return code, err
}

// prepare does for the compose file what starting a stack does otherwise.
func prepare(ctx context.Context, _ *cli.Command) error {
	env, err := devstack.EnvFromProcess()
	if err != nil {
		return err
	}
	if err := devstack.CreateStream(ctx, env.NATSURL); err != nil {
		return err
	}
	return devstack.AdminOf(env).AdmitWorker(ctx, env.KeycloakRealm)
}
