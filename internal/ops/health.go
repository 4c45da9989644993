package ops

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/settings"
)

const healthLimit = 3 * time.Second

// Healthcheck is the command that asks the program of this name, on this machine, whether it is
// ready: an image without a shell has nothing else to ask with. name is the setting of its
// admin address.
func Healthcheck(program, prefix, name, addr string) *cli.Command {
	table := settings.New(prefix)
	table.Text(&addr, name, addr, "admin address of the "+program+" that is asked")
	return &cli.Command{
		Name: "healthcheck", Usage: "exit 0 if the " + program + " on this machine is ready", Flags: table.Flags(),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := table.Load(cmd); err != nil {
				return err //nolint:wrapcheck // it says all that is wrong
			}
			return ask(ctx, program, addr)
		},
	}
}

func ask(ctx context.Context, program, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("%w: the admin address is none", settings.ErrConfiguration)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New(program + " does not answer")
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(program + " is not ready")
	}
	return nil
}
