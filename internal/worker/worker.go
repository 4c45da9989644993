package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Bounds of one batch, and of what a stop waits for.
const (
	maxCount  = 1000
	maxBytes  = 4 << 20
	finish    = 10 * time.Second
	minPause  = 100 * time.Millisecond
	maxPause  = 5 * time.Second
	markEvery = 15 * time.Second
)

// Worker reads Log into Store. All fields but Marks, Epochs and Report are needed.
type Worker struct {
	Log    Log
	Store  Store
	Epochs Epochs
	Marks  Marks
	Report func(Loss)    // is told of every loss in the log
	Wait   time.Duration // how long a floor must stand still before a standby tries; 0: 5 s
	Logger zerolog.Logger

	gap    *Gap
	marked time.Time
}

// Run works until ctx ends, and finishes the batch in flight within 10 s. It returns nil then,
// and never otherwise: every fault is logged and tried again.
func (w *Worker) Run(ctx context.Context) error {
	for pause := minPause; ctx.Err() == nil; {
		moved, err := w.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if moved {
			pause = minPause
		}
		if errors.Is(err, ErrNotActive) {
			w.Logger.Info().Msg("another worker is active; standing by")
			w.standby(ctx)
			continue
		}
		w.Logger.Warn().Err(err).Dur("pause", pause).Msg("reading stopped; starting again from the committed floor")
		sleep(ctx, pause)
		pause = min(2*pause, maxPause)
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
		w.lost(*s.loss)
	}
	r, err := w.Log.Read(ctx, s.after)
	if err != nil {
		return false, err
	}
	defer r.Stop()
	inner, cancel := context.WithCancel(ctx)
	f := w.feed(inner, r, s)
	defer func() { cancel(); _ = f.wait() }() // its error has been returned or is the cancellation
	for b := range f.batches {
		if err := w.apply(ctx, b); err != nil {
			return moved, err
		}
		moved = true
	}
	err = f.wait()
	if gap, ok := errors.AsType[*Gap](err); ok {
		w.gap = gap
		w.lost(Loss{Reason: gap.Error(), Floor: s.floor, Info: s.info})
	}
	return moved, err
}

func (w *Worker) lost(l Loss) {
	w.Logger.Error().Str("reason", l.Reason).Uint64("floor", l.Floor.Seq).Uint64("first", l.Info.First).Uint64("last", l.Info.Last).
		Msg("the log lost messages; facts stay, backfill and looks must heal")
	if w.Report != nil {
		w.Report(l)
	}
}

// apply tries b until it is in, or somebody else's is. A stop lets it finish for a while.
func (w *Worker) apply(ctx context.Context, b Batch) error {
	ctx, cancel := lasting(ctx, finish)
	defer cancel()
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		version, err := w.try(ctx, b)
		if err == nil {
			w.mark(ctx, b.To, version)
			return nil
		}
		// The commit may have gone through before the error: only the floor knows.
		if floor, ferr := w.Store.Floor(ctx); ferr == nil && floor.same(b.To) {
			return nil
		} else if ferr == nil && (!floor.same(b.From) || errors.Is(err, ErrNotActive)) {
			return ErrNotActive
		}
		w.Logger.Error().Err(err).Uint64("from", b.From.Seq).Uint64("to", b.To.Seq).Msg("batch not applied; the floor waits, trying again")
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (w *Worker) try(ctx context.Context, b Batch) (int64, error) {
	if b.restored && w.Epochs != nil {
		if err := w.Epochs.Restored(ctx); err != nil {
			return 0, err
		}
	}
	return w.Store.Apply(ctx, b)
}

// mark leaves a footprint now and then; a missing one costs only knowledge of a restore.
func (w *Worker) mark(ctx context.Context, f Floor, version int64) {
	if w.Marks == nil || w.Epochs == nil || time.Since(w.marked) < markEvery {
		return
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	epoch, err := w.Epochs.Epoch(short)
	if err == nil {
		err = w.Marks.Mark(short, events.Mark{Epoch: epoch, Floor: f.Seq, FeedVersion: version})
	}
	if err != nil {
		w.Logger.Warn().Err(err).Msg("no mark published")
	}
	w.marked = time.Now()
}

// standby waits until the floor has stood still for Wait. Trying then is harmless: the
// compare-and-set decides.
func (w *Worker) standby(ctx context.Context) {
	wait := w.Wait
	if wait == 0 {
		wait = 5 * time.Second
	}
	last, _ := w.Store.Floor(ctx)
	for sleep(ctx, wait) {
		floor, err := w.Store.Floor(ctx)
		if err == nil && floor.same(last) {
			return
		}
		if err == nil {
			last = floor
		}
	}
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

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d/2 + rand.N(d)): //nolint:gosec // jitter, no secret
		return true
	}
}
