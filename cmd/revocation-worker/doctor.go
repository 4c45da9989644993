package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/inspection"
	"github.com/tokenstate/tokenstate/internal/ops"
)

func doctorCommand() *cli.Command {
	return keycloakCommand("doctor", "say what is wrong with the installation, what it breaks and what repairs it; exit code 3 if anything must be repaired", nil, examine)
}

func examine(ctx context.Context, cmd *cli.Command, o *operator) error {
	fs := doctor.Examine(o.inspection().Look(ctx, cmd.Root().ErrWriter, o.realm))
	err := ops.Output(cmd, fs, func(w io.Writer) {
		for _, f := range fs {
			ops.Wrap(w, fmt.Sprintf("%-5s %s: ", f.Level, f.Check), f.Found)
			for _, more := range []struct{ first, text string }{{"      breaks: ", f.Breaks}, {"      repair: ", f.Repair}} {
				if more.text != "" {
					ops.Wrap(w, more.first, more.text)
				}
			}
		}
	})
	if err == nil && doctor.Worst(fs) == doctor.Fault {
		err = fmt.Errorf("%w: see the faults above", ops.ErrDifferences)
	}
	return err
}

func (o *operator) inspection() *inspection.Operator {
	return &inspection.Operator{Config: &o.Config, Store: o.store(), State: o.state, Logger: o.logger}
}
