package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/recovery/adapters"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func journalCommand() *cli.Command {
	return &cli.Command{
		Name: "journal", Usage: "the log as it was applied, in Postgres",
		Commands: []*cli.Command{
			operatorCommand("export", "[FILE]", "write the journal into a compressed, checksummed file; by default journal-FROM-TO.jsonl.zst", []cli.Flag{
				&cli.BoolFlag{Name: "since-last", Usage: "only what no export holds yet"},
				&cli.BoolFlag{Name: "force", Usage: "replace a file that is there; what only it holds is lost if the journal was pruned"},
			}, exportJournal),
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

func exportJournal(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() > 1 {
		return fmt.Errorf("%w: name one file, or none", ops.ErrUsage)
	}
	after := int64(0)
	if cmd.Bool("since-last") {
		var err error
		if after, err = o.store().Exported(ctx); err != nil {
			return err
		}
	}
	e := postgres.Export{}
	var err error
	if e.From, e.To, err = o.store().JournalRange(ctx, after); err != nil {
		return err
	}
	if e.To > 0 {
		e.File = cmp.Or(cmd.Args().First(), fmt.Sprintf("journal-%d-%d.jsonl.zst", e.From, e.To))
		if err := o.export(ctx, &e, cmd.Bool("force")); err != nil {
			return err
		}
	}
	return ops.Output(cmd, map[string]any{"file": e.File, "lines": e.Lines, "from": e.From, "to": e.To}, func(w io.Writer) {
		if e.To == 0 {
			ops.Row(w, "exported", 0, "there is nothing new")
		} else {
			ops.Row(w, "exported", e.Lines, e.File)
		}
	})
}

func (o *operator) export(ctx context.Context, e *postgres.Export, force bool) error {
	at, done := ops.Progress("export", e.To-e.From+1, o.logger)
	defer done()
	err := adapters.Export(ctx, o.store(), e, force, at)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s is there already; name another file, or say --force", ops.ErrUsage, e.File)
	}
	return err
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
	progress, done := ops.Progress("import", int64(src.Total()), o.logger)
	defer done()
	res, err := recovery.Replay(ctx, src, adapters.Store{Store: o.store(), Pool: o.pool, Stream: at},
		recovery.Options{Progress: func(n uint64) { progress(int64(n)) }})
	if err != nil {
		return err
	}
	return ops.Output(cmd, res, func(w io.Writer) { ops.Row(w, "imported", res.Read, "facts changed", res.Changed) })
}

// namedFiles is how many files a prune names.
const namedFiles = 10

// pruneJournal names the files that hold what it removes, so that whoever prunes can look for them.
func pruneJournal(ctx context.Context, cmd *cli.Command, o *operator) error {
	files, err := o.store().Exports(ctx, namedFiles)
	if err != nil {
		return err
	}
	n, err := o.store().PruneJournal(ctx, time.Now().Add(-cmd.Duration("older-than")), cmd.String("by"))
	if err != nil {
		return err
	}
	type file struct {
		File   string `json:"file"`
		SHA256 string `json:"sha256"`
	}
	held := make([]file, len(files))
	for i, f := range files {
		held[i] = file{f.File, f.SHA256}
	}
	return ops.Output(cmd, map[string]any{"pruned": n, "held_by": held}, func(w io.Writer) {
		ops.Row(w, "pruned", n)
		for _, f := range held {
			ops.Row(w, "is in", f.File, f.SHA256)
		}
	})
}
