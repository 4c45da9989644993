package worker

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// errForgot: another worker moves the floor forward only. To stand by and see whether one does would leave
// replicas without a confirmed database for as long.
var errForgot = errors.New("the database's floor has gone back: it was restored")

// apply tries b until it is in, or somebody else's is. A stop lets it finish for a while.
func (w *Worker) apply(ctx context.Context, b batch) error {
	ctx, cancel := lasting(ctx, finish)
	defer cancel()
	for again, failures := minPause, 0; ; again = min(2*again, maxPause) {
		err := w.try(ctx, b)
		if err == nil {
			w.failing(0)
			if w.Applied != nil {
				w.Applied(b.Batch)
			}
			return nil
		}
		// The commit may have gone through before the error: only the floor knows.
		if floor, ferr := w.Store.Floor(ctx); ferr == nil && floor.Same(b.To) {
			return nil
		} else if ferr == nil && floor.Seq < b.From.Seq {
			return errForgot
		} else if ferr == nil && (!floor.Same(b.From) || errors.Is(err, journal.ErrNotActive)) {
			return journal.ErrNotActive
		}
		failures++
		w.failing(failures)
		if errors.Is(err, journal.ErrContent) && len(b.entries) > 0 {
			w.Logger.Error().Err(err).Uint64("from", b.From.Seq).Uint64("to", b.To.Seq).
				Msg("a message cannot be stored; it is looked for, and parked")
			return w.split(ctx, b)
		}
		w.Logger.Error().Err(err).Uint64("from", b.From.Seq).Uint64("to", b.To.Seq).Msg("batch not applied; the floor waits, trying again")
		if pause.About(ctx, again) != nil {
			return ctx.Err()
		}
	}
}

// failing tells how often the batch at the present floor has failed.
func (w *Worker) failing(times int) {
	if w.Failing != nil {
		w.Failing(times)
	}
}

func (w *Worker) try(ctx context.Context, b batch) error {
	if b.restored {
		if err := w.Epochs.Restored(ctx); err != nil {
			return err
		}
	}
	_, err := w.Store.Apply(ctx, b.Batch)
	return err
}

// lasting is ctx, but ends only grace after it.
func lasting(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-out.Done():
		case <-time.After(grace):
			cancel()
		}
	})
	return out, func() { stop(); cancel() }
}
