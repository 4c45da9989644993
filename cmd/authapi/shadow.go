package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/openhands"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// atOnce is how many keys one call decides about.
const atOnce = 1000

func shadowCommand() *cli.Command {
	var url string
	var key, source secret.Text
	table := settings.New("AUTHAPI_")
	table.URL(&url, "AUTHAPI_URL", false, "the running authapi that is asked")
	table.Secret(&key, "AUTHAPI_SERVICE_KEY", "a service credential with the scope decide")
	addOpenHands(table, &source)
	return &cli.Command{
		Name: "shadow", Usage: "compare authapi's decisions with another system's, and change nothing",
		Commands: []*cli.Command{table.On(&cli.Command{
			Name: "openhands", Usage: "decide about every API key of an OpenHands database, there and here; exit code 3 on a difference",
			Flags: []cli.Flag{ops.OutputFlag(), fromFlag()},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if err := from(cmd, &source); err != nil {
					return err
				}
				return shadow(ctx, cmd, url, key, source)
			},
		})},
	}
}

func shadow(ctx context.Context, cmd *cli.Command, url string, key, source secret.Text) (err error) {
	api, err := client.New(url, client.WithServiceKey(key.Reveal()))
	if err != nil {
		return fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	db, err := openhands.Open(ctx, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(context.WithoutCancel(ctx))) }()
	now := func() tokenstate.Seconds { return tokenstate.Seconds(time.Now().Unix()) }
	c, err := openhands.Shadow(ctx, db, atOnce, now, func(ctx context.Context, keys []openhands.Key) ([]openhands.Opinion, error) {
		return ask(ctx, api, keys)
	})
	if err != nil {
		return err
	}
	if err := ops.Output(cmd, c, func(w io.Writer) { shadowTable(w, c) }); err != nil {
		return err
	}
	if c.Mismatched > 0 {
		return ops.ErrDifferences
	}
	return nil
}

func ask(ctx context.Context, api *client.Client, keys []openhands.Key) ([]openhands.Opinion, error) {
	questions := make([]client.Question, len(keys))
	for i, k := range keys {
		questions[i].APIKey = k.Key.Reveal()
	}
	answers, _, err := api.Observe(ctx, questions...)
	if err != nil {
		return nil, err
	}
	said := make([]openhands.Opinion, len(answers))
	for i, a := range answers {
		said[i] = openhands.Opinion{Admitted: a.Active, Reason: a.Reason}
		if a.Active {
			said[i].User = a.UserID
			if a.OrgID != nil {
				said[i].Org = *a.OrgID
			}
		}
	}
	return said, nil
}

func shadowTable(w io.Writer, c openhands.Compared) {
	ops.Row(w, "KEYS", "MISMATCHED")
	ops.Row(w, c.Keys, c.Mismatched)
	if len(c.Mismatches) == 0 {
		return
	}
	ops.Row(w, "ID", "OPENHANDS", "TOKENSTATE", "WHAT")
	for _, m := range c.Mismatches {
		ops.Row(w, m.ID, said(m.OpenHands), said(m.Ours), m.What)
	}
}

func said(o openhands.Opinion) string {
	if o.Admitted {
		return "admitted"
	}
	return o.Reason
}
