package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// shown is how many differences of a kind a table shows; JSON holds all.
const shown = 20

func verifyCommand() *cli.Command {
	return operatorCommand("verify", "", "prove that facts, journal, view and feed agree; exit code 3 if not", []cli.Flag{
		&cli.BoolFlag{Name: "repair", Usage: "make the facts what the journal teaches; writers wait meanwhile"},
		byFlag(),
	}, verify)
}

func verify(ctx context.Context, cmd *cli.Command, o *operator) error {
	lines, err := o.store().JournalLines(ctx)
	if err != nil {
		return err
	}
	at, done := ops.Progress("verify", lines, o.logger)
	var r recovery.Report
	by := cmd.String("by")
	err = o.store().Freeze(ctx, cmd.Bool("repair"), func(ctx context.Context, z postgres.Frozen) error {
		var repair recovery.Repair
		if cmd.Bool("repair") {
			repair = func(ctx context.Context, f tokenstate.Facts, detail string) error {
				return z.Replace(ctx, f, by, detail)
			}
		}
		r, err = recovery.Verify(ctx, z, repair, func(n, _ int64) { at(n) })
		return err
	})
	done()
	if err != nil {
		return err
	}
	// Whoever looks at the console or at /v1/status asks when this was last done. The result itself is told below, noted or not.
	if err := o.store().NoteVerify(ctx, by, !r.Left(), r.Found()); err != nil {
		o.logger.Warn().Err(err).Msg("that this was verified could not be noted in the database")
	}
	if err := ops.Output(cmd, r, func(w io.Writer) { tableOf(w, r) }); err != nil || !r.Left() {
		return err
	}
	if len(r.View) > 0 {
		return fmt.Errorf("%w: the view and the programs judge differently: are both of the same version? please report it", ops.ErrDifferences)
	}
	return fmt.Errorf("%w: `revocation-worker verify --repair` makes the facts what the journal teaches", ops.ErrDifferences)
}

func tableOf(w io.Writer, r recovery.Report) {
	ops.Row(w, "journal lines", r.Lines)
	ops.Row(w, "facts", r.Facts)
	ops.Row(w, "tokens", r.Tokens)
	if r.Pruned {
		ops.Row(w, "journal", "pruned: facts that it does not know are taken as they are")
	}
	for _, kind := range []struct {
		name  string
		lines []string
	}{{"missing facts", r.Missing}, {"extra facts", r.Extra}, {"different facts", r.Different}, {"view", r.View}} {
		ops.Row(w, kind.name, len(kind.lines))
		for i, line := range kind.lines {
			if i == shown {
				ops.Row(w, "", "… all with -o json")
				break
			}
			ops.Row(w, "", line)
		}
	}
	ops.Row(w, "holes in the feed", r.FeedHoles)
	if r.Repaired {
		ops.Row(w, "repaired", "the facts are what the journal teaches; readers load again")
	}
}
