package worker

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// feed turns a reader into batches. It folds on while the previous batch commits, and hands
// over what it has as soon as the applier is free: no linger.
type feed struct {
	batches chan batch
	done    chan struct{}
	err     error
}

// wait returns why the feed ended.
func (f *feed) wait() error {
	<-f.done
	return f.err
}

func (w *Worker) feed(ctx context.Context, r journal.Reader, s start) *feed {
	f := &feed{batches: make(chan batch), done: make(chan struct{})}
	entries := make(chan journal.Entry, 64)
	go func() {
		defer close(entries)
		for {
			e, err := r.Next(ctx)
			if err != nil {
				f.err = err // read after entries is closed
				return
			}
			select {
			case entries <- e:
			case <-ctx.Done():
				f.err = ctx.Err()
				return
			}
		}
	}()
	go func() {
		defer close(f.done)
		defer close(f.batches)
		fold(ctx, entries, f.batches, s)
	}()
	return f
}

func fold(ctx context.Context, entries <-chan journal.Entry, batches chan<- batch, s start) {
	b, all := newBatch(s.floor), entries
	for entries != nil || b.count() > 0 {
		in, out := entries, batches
		if b.count() == 0 {
			out = nil
		}
		if b.count() >= maxCount || b.bytes >= maxBytes {
			in = nil
		}
		select {
		case e, ok := <-in:
			if !ok {
				entries = nil
				continue
			}
			b.add(s, e)
		case out <- b:
			s.told = s.told || b.restored // one new epoch per session
			b = newBatch(b.To)
		case <-ctx.Done():
			for range all { // wait for the reader's goroutine, which sees ctx too
			}
			return
		}
	}
}
