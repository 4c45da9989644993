package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/settings"
)

const (
	healthLimit = 3 * time.Second
	maxHealth   = 64 << 10
)

// health is what /readyz says; what does not answer is not ready.
type health struct {
	Ready   bool              `json:"ready"`
	Missing map[string]string `json:"missing"`
}

// Healthcheck is the command that asks the program of this name, on this machine, whether it is
// ready: an image without a shell has nothing else to ask with. Its admin address is a setting,
// whose name begins with prefix.
func Healthcheck(program, prefix, addr string) *cli.Command {
	table := settings.New(prefix)
	table.Text(&addr, prefix+"ADMIN_ADDR", addr, "address of /livez, /readyz and /metrics")
	return table.On(&cli.Command{
		Name: "healthcheck", Usage: "exit 0 if the " + program + " on this machine is ready", Flags: []cli.Flag{OutputFlag()},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			h, err := ask(ctx, program, addr)
			return errors.Join(h.show(cmd, program), err)
		},
	})
}

func (h health) show(cmd *cli.Command, program string) error {
	return Output(cmd, h, func(w io.Writer) {
		if h.Ready {
			Row(w, program, "is ready")
		}
		for _, name := range slices.Sorted(maps.Keys(h.Missing)) {
			Row(w, name, h.Missing[name])
		}
	})
}

func ask(ctx context.Context, program, addr string) (h health, err error) {
	h.Missing = map[string]string{}
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return h, fmt.Errorf("%w: the admin address is none", settings.ErrConfiguration)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, fmt.Errorf("%s does not answer at %s", program, addr)
	}
	defer func() { _ = res.Body.Close() }()
	_ = json.NewDecoder(io.LimitReader(res.Body, maxHealth)).Decode(&h) // the status decides
	if h.Ready = res.StatusCode == http.StatusOK; !h.Ready {
		return h, fmt.Errorf("%s at %s is not ready", program, addr)
	}
	return h, nil
}
