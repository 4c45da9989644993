package sim

import (
	"context"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// memoryLog is the log in memory. It keeps each id once, as the stream does within its window for duplicates.
type memoryLog struct {
	mu      sync.Mutex
	created time.Time
	entries []journal.Entry
	ids     map[string]bool
	more    chan struct{} // closed when a message comes
}

func newMemoryLog() *memoryLog {
	return &memoryLog{created: time.Now().UTC().Truncate(time.Microsecond), ids: map[string]bool{}, more: make(chan struct{})}
}

func (l *memoryLog) put(m events.Message) error {
	raw, err := events.Encode(m)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[m.ID] {
		return nil
	}
	l.ids[m.ID] = true
	l.entries = append(l.entries, journal.Entry{
		Seq: uint64(len(l.entries) + 1), Subject: events.Subject(m), Received: millis(time.Now().UnixMilli()), Raw: raw,
	})
	close(l.more)
	l.more = make(chan struct{})
	return nil
}

// last is how many messages there are.
func (l *memoryLog) last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.entries))
}

// messages are all of them, as a worker understands them.
func (l *memoryLog) messages() (ms []events.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		m, err := events.Decode(e.Raw)
		if err == nil {
			m, err = events.Arrived(m, e.Subject, e.Received)
		}
		if err != nil {
			panic("a message of the model is refused: " + err.Error())
		}
		ms = append(ms, m)
	}
	return ms
}

// logHandle is the log as one process has it.
type logHandle struct {
	*memoryLog
	*link
}

// Info implements worker.Log.
func (h logHandle) Info(ctx context.Context) (x journal.Extent, err error) {
	err = h.pass(ctx, func() error {
		x = journal.Extent{Name: "TOKENSTATE", Created: h.created, First: 1, Last: h.last()}
		return nil
	})
	return x, err
}

// At implements worker.Log.
func (h logHandle) At(ctx context.Context, seq uint64) (raw []byte, err error) {
	err = h.pass(ctx, func() error {
		h.memoryLog.mu.Lock()
		defer h.memoryLog.mu.Unlock()
		raw = h.entries[seq-1].Raw
		return nil
	})
	return raw, err
}

// Read implements worker.Log.
func (h logHandle) Read(ctx context.Context, floor uint64) (r journal.Reader, err error) {
	return &memoryReader{h, floor}, h.pass(ctx, func() error { return nil })
}

// Publish implements worker.Publisher.
func (h logHandle) Publish(ctx context.Context, m events.Message) error {
	return h.pass(ctx, func() error { return h.put(m) })
}

type memoryReader struct {
	h     logHandle
	after uint64
}

func (*memoryReader) Stop() {}

// Next implements journal.Reader.
func (r *memoryReader) Next(ctx context.Context) (journal.Entry, error) {
	for {
		e, more := r.next()
		if more == nil {
			err := r.h.pass(ctx, func() error { return nil })
			if err == nil {
				r.after++
			}
			return e, err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return journal.Entry{}, ctx.Err()
		}
	}
}

func (r *memoryReader) next() (e journal.Entry, more chan struct{}) {
	l := r.h.memoryLog
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.after < uint64(len(l.entries)) {
		return l.entries[r.after], nil
	}
	return e, l.more
}
