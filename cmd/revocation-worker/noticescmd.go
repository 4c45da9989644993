package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
)

func noticesCommand() *cli.Command {
	return &cli.Command{
		Name: "notices", Usage: "notices that an endpoint has not taken in three days; they can be read from authapi all the same",
		Commands: []*cli.Command{
			operatorCommand("parked", "", "count them by endpoint, with the latest fault", nil, parkedNotices),
			operatorCommand("retry", "ENDPOINT", "deliver them from the first attempt on", nil,
				func(ctx context.Context, cmd *cli.Command, o *operator) error {
					return onEndpoint(ctx, cmd, o.store().Notices().RetryDeliveries)
				}),
			operatorCommand("drop", "ENDPOINT", "do not deliver them any more", nil,
				func(ctx context.Context, cmd *cli.Command, o *operator) error {
					return onEndpoint(ctx, cmd, o.store().Notices().DropDeliveries)
				}),
		},
	}
}

func parkedNotices(ctx context.Context, cmd *cli.Command, o *operator) error {
	all, err := o.store().Notices().ParkedDeliveries(ctx)
	if err != nil {
		return err
	}
	return ops.Output(cmd, all, func(w io.Writer) {
		ops.Row(w, "ENDPOINT", "NOTICES", "OLDEST", "FAULT")
		for _, one := range all {
			ops.Row(w, one.Endpoint, one.Notices, one.Oldest.UTC().Format(time.RFC3339), one.Fault)
		}
	})
}

func onEndpoint(ctx context.Context, cmd *cli.Command, do func(context.Context, string) (int64, error)) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one endpoint, as `notices parked` shows it", ops.ErrUsage)
	}
	n, err := do(ctx, cmd.Args().First())
	if err != nil {
		return err
	}
	return ops.Output(cmd, map[string]int64{"notices": n}, func(w io.Writer) { ops.Row(w, "notices", n) })
}
