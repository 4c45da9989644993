package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/demo"
	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/docrun"
)

// userName is what Keycloak takes as a name and a shell as it is.
var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// user prints what a shell can eval. Nothing else goes to the standard output.
func user(ctx context.Context, c *cli.Command) error {
	name := c.Args().First()
	if c.NArg() != 1 || !userName.MatchString(name) {
		return fmt.Errorf("%w: say one user's name, of small letters, digits, dots and dashes: devstack user ann", errUsage)
	}
	env, err := running()
	if err != nil {
		return err
	}
	p, err := demo.NewPerson(ctx, env, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Root().Writer, "USER_ID=%s\nREFRESH_TOKEN=%s\nAPI_KEY=%s\n", p.User, p.RefreshToken, p.APIKey)
	return err
}

var errNoStack = errors.New("no stack is running: start one with `make up`")

// running is the stack that the environment names, else the one that `make up` has started here.
func running() (devstack.Env, error) {
	if env, err := devstack.EnvFromProcess(); err != nil || env.AuthapiURL != "" {
		return env, err
	}
	dir, err := root()
	if err != nil {
		return devstack.Env{}, err
	}
	env, err := devstack.ReadEnv(devstack.EnvFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return env, errNoStack
	}
	return env, err
}

// docs plays what documents say.
func docs(ctx context.Context, c *cli.Command) error {
	if c.NArg() == 0 {
		return fmt.Errorf("%w: say which documents: devstack docs README.md", errUsage)
	}
	dir, err := root()
	if err != nil {
		return err
	}
	env, err := running()
	if err != nil {
		return err
	}
	return docrun.Play(ctx, env, docrun.Options{Root: dir, Files: c.Args().Slice(), Write: c.Bool("write"), Examples: c.String("examples")})
}
