package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/recovery/adapters"
)

func replayCommand() *cli.Command {
	return operatorCommand("replay", "", "learn the log once more, beside the running worker; it may be interrupted and goes on", []cli.Flag{
		&cli.StringFlag{Name: "from", Required: true, Usage: "beginning, seq=N, time=2026-01-31T12:00:00Z, journal, or file=F"},
		&cli.BoolFlag{Name: "restart", Usage: "do not go on where an interrupted replay of the same kind stopped"},
		dryRunFlag(),
	}, replay)
}

func replay(ctx context.Context, cmd *cli.Command, o *operator) error {
	src, at, closeSource, err := o.source(ctx, cmd.String("from"))
	if err != nil {
		return err
	}
	defer closeSource()
	st := adapters.Store{Store: o.store(), Pool: o.pool, Stream: at}
	if cmd.Bool("restart") {
		if err := st.EndReplay(ctx, src.Name()); err != nil {
			return err
		}
	}
	progress, done := ops.Progress("replay", int64(src.Total()), o.logger)
	res, err := recovery.Replay(ctx, src, st, recovery.Options{DryRun: cmd.Bool("dry-run"), Progress: func(at uint64) { progress(int64(at)) }})
	done()
	if err != nil {
		return err
	}
	if cmd.Bool("dry-run") {
		return show(cmd, res.Differences)
	}
	return ops.Output(cmd, res, func(w io.Writer) {
		ops.Row(w, "messages read", res.Read)
		ops.Row(w, "parked", res.Parked)
		ops.Row(w, "facts changed", res.Changed)
		if res.From > 0 {
			ops.Row(w, "went on after", res.From)
		}
	})
}

// source opens what --from names.
func (o *operator) source(ctx context.Context, from string) (src recovery.Source, at journal.Floor, closeIt func(), err error) {
	kind, arg, _ := strings.Cut(from, "=")
	switch kind {
	case "journal":
		src, err = recovery.ReadJournal(ctx, o.store())
		return src, at, func() {}, err
	case "file":
		return openFile(arg)
	case "beginning", "seq", "time":
		return o.logSource(ctx, kind, arg)
	}
	return nil, at, nil, fmt.Errorf("%w: --from is beginning, seq=N, time=T, journal or file=F", ops.ErrUsage)
}

func (o *operator) logSource(ctx context.Context, kind, arg string) (src recovery.Source, at journal.Floor, closeIt func(), err error) {
	log, err := o.Log(ctx, o.logger)
	if err != nil {
		return nil, at, nil, err
	}
	seq := uint64(1)
	switch kind {
	case "seq":
		if seq, err = strconv.ParseUint(arg, 10, 63); err != nil || seq == 0 {
			err = fmt.Errorf("%w: seq=N takes a sequence of the log, from 1", ops.ErrUsage)
		}
	case "time":
		t, parseErr := time.Parse(time.RFC3339, arg)
		if err = parseErr; err != nil {
			err = fmt.Errorf("%w: time=T takes a time such as 2026-01-31T12:00:00Z", ops.ErrUsage)
		} else {
			seq, err = log.SeqSince(ctx, t)
		}
	}
	var s *adapters.Log
	if err == nil {
		s, at, err = adapters.From(ctx, log, seq)
	}
	if err != nil {
		log.Close()
		return nil, at, nil, err
	}
	return s, at, func() { s.Close(); log.Close() }, nil
}

func openFile(path string) (src recovery.Source, at journal.Floor, closeIt func(), err error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own choice
	if err != nil {
		return nil, at, nil, fmt.Errorf("%w: the journal file cannot be opened", err)
	}
	file, err := recovery.OpenFile(f)
	if err != nil {
		_ = f.Close()
		return nil, at, nil, err
	}
	return file, at, func() { file.Close(); _ = f.Close() }, nil
}
