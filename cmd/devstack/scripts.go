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
