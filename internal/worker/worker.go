package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// Bounds of one batch, and of what a stop waits for.
const (
	maxCount = 1000
	maxBytes = 4 << 20
	finish   = 10 * time.Second
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second

	watchEvery = time.Second
)

// Worker reads Log into Store. All fields but Report, Applied and Failing are needed.
type Worker struct {
	Log     Log
	Store   Store
	Epochs  Epochs
	Report  func(context.Context, Loss) error // makes up for a loss before reading goes on; may see one twice
	Applied func(journal.Batch)               // is told of every commit
	Failing func(times int)                   // is told how often the batch at the floor has failed in a row; 0 after a commit
	Wait    time.Duration                     // how long a floor must stand still before a standby tries; 0: 5 s
	Logger  zerolog.Logger

	gap *journal.GapError
}

// Run works until ctx ends, and finishes the batch in flight within 10 s. It returns nil then,
// and never otherwise: every fault is logged and tried again.
func (w *Worker) Run(ctx context.Context) error {
	for again := minPause; ctx.Err() == nil; {
		moved, err := w.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if moved {
			again = minPause
		}
		if errors.Is(err, journal.ErrNotActive) {
			w.Logger.Info().Msg("another worker is active; standing by")
			w.standby(ctx)
			continue
		}
		w.Logger.Warn().Err(err).Dur("pause", again).Msg("reading stopped; starting again from the committed floor")
		_ = pause.About(ctx, again)
		again = min(2*again, maxPause)
	}
	return nil //nolint:nilerr // only a stop that was asked for ends the loop
}

// session is one reader's life. moved tells whether it committed anything.
func (w *Worker) session(ctx context.Context) (moved bool, err error) {
	s, err := w.locate(ctx)
	if err != nil {
		return false, err
	}
	if s.loss != nil {
		if err := w.lost(ctx, *s.loss); err != nil {
			return false, err
		}
	}
	r, err := w.Log.Read(ctx, s.after)
	if err != nil {
		return false, err
	}
	defer r.Stop()
	confirmed, err := w.confirm(ctx, s, s.after)
	if err != nil {
		return false, err
	}
	inner, cancel := context.WithCancelCause(ctx)
	f := w.feed(inner, r, s)
	watched := w.watch(inner, s.history, cancel)
	defer func() { cancel(nil); <-watched; _ = f.wait() }() // its error has been returned or is the cancellation
	for b := range f.batches {
		if err := w.apply(ctx, b); err != nil {
			return moved, err
		}
		moved = true
		if !confirmed || b.restored {
			if confirmed, err = w.confirm(ctx, s, b.To.Seq); err != nil {
				return moved, err
			}
		}
	}
	err = f.wait()
	if errors.Is(context.Cause(inner), errHistory) {
		err = errHistory
	}
	if gap, ok := errors.AsType[*journal.GapError](err); ok {
		w.gap = gap
		err = errors.Join(err, w.lost(ctx, Loss{Reason: gap.Error(), Floor: s.floor, Info: s.info}))
	}
	return moved, err
}

// confirm tells readers, once in a session, that everything which was in the log when it began
// is applied. They are not ready before: a restored database would un-revoke.
func (w *Worker) confirm(ctx context.Context, s start, seq uint64) (bool, error) {
	if seq < s.info.Last {
		return false, nil
	}
	return true, w.Epochs.Confirm(ctx, s.history)
}

// errHistory ends a session: the next one reads the floor again and confirms it.
var errHistory = errors.New("the database was restarted, promoted or restored: its floor is read again")

// watch ends a session when the store is not the one that it began with, even if nothing is written: until
// a worker has confirmed the new history, replicas that start are not ready.
func (w *Worker) watch(ctx context.Context, history string, end context.CancelCauseFunc) (watched chan struct{}) {
	watched = make(chan struct{})
	go func() {
		defer close(watched)
		for pause.About(ctx, watchEvery) == nil {
			if now, err := w.Epochs.History(ctx); err == nil && now != history {
				end(errHistory)
				return
			}
		}
	}()
	return watched
}

func (w *Worker) lost(ctx context.Context, l Loss) error {
	w.Logger.Error().Str("reason", l.Reason).Uint64("floor", l.Floor.Seq).Uint64("first", l.Info.First).Uint64("last", l.Info.Last).
		Msg("the log lost messages; facts stay, all tokens are in doubt until looked at, and Keycloak's event store is read again")
	if w.Report == nil {
		return nil
	}
	if err := w.Report(ctx, l); err != nil {
		return fmt.Errorf("make up for a loss in the log: %w", err)
	}
	return nil
}

// standby waits until the floor has stood still for Wait. Trying then is harmless: the
// compare-and-set decides.
func (w *Worker) standby(ctx context.Context) {
	wait := w.Wait
	if wait == 0 {
		wait = 5 * time.Second
	}
	last, _ := w.Store.Floor(ctx)
	for pause.About(ctx, wait) == nil {
		floor, err := w.Store.Floor(ctx)
		if err == nil && floor.Same(last) {
			return
		}
		if err == nil {
			last = floor
		}
	}
}
