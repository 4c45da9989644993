package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/worker"
)

func journalCommand() *cli.Command {
	return &cli.Command{
		Name: "journal", Usage: "the log as it was applied, in Postgres",
		Commands: []*cli.Command{
			operatorCommand("export", "FILE", "write the journal into a compressed, checksummed file", nil, exportJournal),
			operatorCommand("import", "FILE", "add an exported file's messages to the journal, and learn them", nil, importJournal),
			operatorCommand("prune", "", "remove what was exported and is older", []cli.Flag{
				&cli.DurationFlag{Name: "older-than", Required: true, Usage: "such as 2160h for 90 days"}, byFlag(),
			}, pruneJournal),
		},
	}
}

func onePath(cmd *cli.Command) (string, error) {
	if cmd.Args().Len() != 1 {
		return "", fmt.Errorf("%w: name one file", ops.ErrUsage)
	}
	return cmd.Args().First(), nil
}

// exportJournal writes beside the file first: a file of that name is always whole.
func exportJournal(ctx context.Context, cmd *cli.Command, o *operator) error {
	path, err := onePath(cmd)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("export journal: %w", err)
	}
	n, last, err := o.export(ctx, f)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("export journal: %w", err), os.Remove(f.Name()))
	}
	if err := o.store().JournalExported(ctx, last); err != nil {
		return err //nolint:wrapcheck // it says what failed
	}
	return ops.Output(cmd, map[string]any{"file": path, "lines": n}, func(w io.Writer) { ops.Row(w, "exported", n, path) }) //nolint:wrapcheck // about our own output
}

func (o *operator) export(ctx context.Context, to io.Writer) (n, last int64, err error) {
	total, err := o.store().JournalLines(ctx)
	if err != nil {
		return 0, 0, err //nolint:wrapcheck // it says what failed
	}
	w, err := recovery.NewWriter(to)
	if err != nil {
		return 0, 0, err //nolint:wrapcheck // as above
	}
	at, done := ops.Progress("export", total, o.logger)
	defer done()
	for {
		es, next, err := o.store().JournalPage(ctx, last, journalPage)
		if err != nil {
			return n, last, err //nolint:wrapcheck // as above
		}
		if len(es) == 0 {
			return n, last, w.Close()
		}
		for _, e := range es {
			if err := w.Add(worker.Line(e)); err != nil {
				return n, last, err //nolint:wrapcheck // as above
			}
		}
		n, last = n+int64(len(es)), next
		at(n)
	}
}

func importJournal(ctx context.Context, cmd *cli.Command, o *operator) error {
	path, err := onePath(cmd)
	if err != nil {
		return err
	}
	src, at, closeSource, err := openFile(path)
	if err != nil {
		return err
	}
	defer closeSource()
	progress, done := ops.Progress("import", int64(src.Total()), o.logger) //nolint:gosec // a count
	defer done()
	res, err := recovery.Replay(ctx, src, recoveryStore{o.store(), o, at}, recovery.Options{Progress: func(n uint64) { progress(int64(n)) }}) //nolint:gosec // a count
	if err != nil {
		return err //nolint:wrapcheck // it says what to do
	}
	return ops.Output(cmd, res, func(w io.Writer) { ops.Row(w, "imported", res.Read, "facts changed", res.Changed) }) //nolint:wrapcheck // about our own output
}

func pruneJournal(ctx context.Context, cmd *cli.Command, o *operator) error {
	n, err := o.store().PruneJournal(ctx, time.Now().Add(-cmd.Duration("older-than")), cmd.String("by"))
	if err != nil {
		return err //nolint:wrapcheck // it says what failed
	}
	return ops.Output(cmd, map[string]int64{"pruned": n}, func(w io.Writer) { ops.Row(w, "pruned", n) }) //nolint:wrapcheck // about our own output
}
