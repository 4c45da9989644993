package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/recovery/adapters"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

func parkedCommand() *cli.Command {
	return &cli.Command{
		Name: "parked", Usage: "messages that could not be read; reading went on past them",
		Commands: []*cli.Command{
			operatorCommand("list", "", "list them", nil, listParked),
			operatorCommand("show", "SEQ", "print one as it came", nil, func(ctx context.Context, cmd *cli.Command, o *operator) error {
				p, err := o.parked(ctx, cmd)
				if err == nil {
					_, err = cmd.Root().Writer.Write(append(p.Raw, '\n'))
				}
				return err
			}),
			operatorCommand("requeue", "SEQ", "read it again: a newer program may be able to", nil, requeue),
			operatorCommand("discard", "SEQ", "remove it for good", []cli.Flag{reasonFlag(), byFlag()},
				func(ctx context.Context, cmd *cli.Command, o *operator) error {
					p, err := o.parked(ctx, cmd)
					if err != nil {
						return err
					}
					return o.store().DropParked(ctx, p, cmd.String("by"), "discard: "+cmd.String("reason"))
				}),
		},
	}
}

func listParked(ctx context.Context, cmd *cli.Command, o *operator) error {
	ps, err := o.store().Parked(ctx)
	if err != nil {
		return err
	}
	type line struct {
		Seq      uint64 `json:"seq"`
		Stream   string `json:"stream_created"`
		Received string `json:"received"`
		Subject  string `json:"subject"`
		Reason   string `json:"reason"`
	}
	lines := make([]line, len(ps))
	for i, p := range ps {
		lines[i] = line{
			p.Seq, p.Stream.UTC().Format("2006-01-02T15:04:05.000000Z"), p.Received.Time().Format("2006-01-02T15:04:05.000Z"),
			p.Subject, p.Reason,
		}
	}
	return ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "SEQ", "RECEIVED", "SUBJECT", "REASON")
		for _, l := range lines {
			ops.Row(w, l.Seq, l.Received, l.Subject, l.Reason)
		}
	})
}

// parked finds the message that the argument names: the newest stream's, where two have one.
func (o *operator) parked(ctx context.Context, cmd *cli.Command) (postgres.ParkedMessage, error) {
	seq, err := strconv.ParseUint(cmd.Args().First(), 10, 63)
	if err != nil || cmd.Args().Len() != 1 {
		return postgres.ParkedMessage{}, fmt.Errorf("%w: name one sequence, as `parked list` shows it", ops.ErrUsage)
	}
	ps, err := o.store().Parked(ctx)
	if err != nil {
		return postgres.ParkedMessage{}, err
	}
	for _, p := range slices.Backward(ps) {
		if p.Seq == seq {
			return p, nil
		}
	}
	return postgres.ParkedMessage{}, fmt.Errorf("no message %d is parked: see `parked list`", seq)
}

// requeue learns it as it arrived. Doing so twice changes nothing.
func requeue(ctx context.Context, cmd *cli.Command, o *operator) error {
	p, err := o.parked(ctx, cmd)
	if err != nil {
		return err
	}
	m, line, err := worker.Decode(journal.Entry{Seq: p.Seq, Subject: postgres.AsArrived(p.Parked), Received: p.Received, Raw: p.Raw})
	if err != nil {
		return fmt.Errorf("%w: it stays parked", err)
	}
	l := recovery.Learnt{Journal: []journal.Line{line}, Facts: tokenstate.Learn(m)}
	n, err := adapters.Store{Store: o.store(), Pool: o.pool}.Relearn(ctx, l)
	if err != nil {
		return err
	}
	if err := o.store().DropParked(ctx, p, whoami(), "requeue"); err != nil {
		return err
	}
	return ops.Output(cmd, map[string]int{"facts_changed": n}, func(w io.Writer) { ops.Row(w, "facts changed", n) })
}
