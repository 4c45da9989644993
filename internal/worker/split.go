package worker

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// split finds the message for which the store does not take a batch. It applies the batch's halves,
// and theirs, until what fails is one message, which is parked. Without that a single odd message
// would be tried for ever, and nobody's revocations would be learnt any more.
func (w *Worker) split(ctx context.Context, b batch) error {
	if len(b.entries) == 1 {
		return w.apply(ctx, b.parked())
	}
	half := len(b.entries) / 2
	first := b.start.batch(b.From, b.entries[:half])
	if err := w.apply(ctx, first); err != nil {
		return err
	}
	return w.apply(ctx, b.start.batch(first.To, b.entries[half:]))
}

// batch folds entries that follow the floor from.
func (s start) batch(from journal.Floor, es []journal.Entry) batch {
	b := newBatch(from)
	for _, e := range es {
		b.add(s, e)
	}
	return b
}

// parked is b, of one entry, without anything but that entry as it came. It has no entries that
// could be split any more.
func (b *batch) parked() batch {
	out := newBatch(b.From)
	out.To = b.To
	e := b.entries[0]
	out.Parked = []journal.Parked{Park(e, errors.New("the database does not take what it says; the worker's log has the fault"))}
	return out
}
