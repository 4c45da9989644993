package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

const (
	pullExpiry = 5 * time.Second
	heartbeat  = time.Second // at most half of pullExpiry, or the library refuses it
	stallAfter = 3 * heartbeat
	pullAhead  = 500         // messages that the library may hold for us
	forgotten  = time.Minute // after which the server removes a consumer that nobody asks
)

// ErrReplaced says that the log was deleted and made anew, or cut, while it was read.
var ErrReplaced = errors.New("the log is not the one that reading began in: compare it with the committed floor")

// ErrStalled says that the log holds messages which are not delivered.
var ErrStalled = errors.New("the log holds more but delivers nothing: read again from the committed floor")

// ErrSkipped says that messages were passed over which the log has.
var ErrSkipped = errors.New("the server delivered later messages before earlier ones that it has: read again from the committed floor")

// Reader reads the log in order. It is for one goroutine; after an error it is of no more use.
type Reader struct {
	log  *Log
	msgs jetstream.MessagesContext
	next uint64

	created time.Time // the log's identity
	checked time.Time
	renewed time.Time // when the consumer was last lost and made anew
}

// Read starts reading at seq floor+1. The caller calls Stop.
func (l *Log) Read(ctx context.Context, floor uint64) (journal.Reader, error) {
	r, err := l.read(ctx, floor)
	if err != nil {
		return nil, err // not r: a nil *Reader in an interface is not nil
	}
	return r, nil
}

func (l *Log) read(ctx context.Context, floor uint64) (*Reader, error) {
	info, err := l.Info(ctx)
	if err != nil {
		return nil, err
	}
	r := &Reader{log: l, next: floor + 1, created: info.Created, checked: time.Now()}
	if err := r.consume(ctx); err != nil {
		return nil, fmt.Errorf("read after sequence %d: %w", floor, err)
	}
	return r, nil
}

// consume makes a consumer that delivers from r.next on. It is kept in one server's memory, and lost with it. The
// library's ordered consumer would be made anew by itself, but it waits ten seconds for each answer, and a cluster
// whose leader was lost gives none; its checks are entry's.
func (r *Reader) consume(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	c, err := r.log.js.CreateConsumer(ctx, Name, jetstream.ConsumerConfig{
		Name: "reader_" + rand.Text(), DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.next,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: forgotten,
	})
	if err != nil {
		return err
	}
	msgs, err := c.Messages(jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(heartbeat), jetstream.PullMaxMessages(pullAhead))
	if err != nil {
		return err
	}
	r.msgs = msgs
	return nil
}

// Stop ends reading.
func (r *Reader) Stop() { r.msgs.Stop() }

// Next waits for the next message, as long as ctx allows. While nothing comes it asks the
// server every 3 heartbeats whether there is more, for consumers have stalled (§2.6).
func (r *Reader) Next(ctx context.Context) (journal.Entry, error) {
	for behind := false; ; {
		m, err := r.wait(ctx)
		switch {
		case err == nil && time.Since(r.checked) < stallAfter:
			return r.entry(ctx, m)
		case err == nil: // a new log's messages come as if they were the old one's next ones
			if _, err = r.behind(ctx); err != nil {
				return journal.Entry{}, err
			}
			return r.entry(ctx, m)
		case ctx.Err() != nil:
			return journal.Entry{}, ctx.Err()
		case !errors.Is(err, context.DeadlineExceeded):
			if err := r.renew(ctx, err); err != nil {
				return journal.Entry{}, fmt.Errorf("read sequence %d: %w", r.next, err)
			}
			continue
		}
		// One more wait after the first sign: the message may just be on its way.
		if behind {
			return journal.Entry{}, ErrStalled
		}
		if behind, err = r.behind(ctx); err != nil {
			return journal.Entry{}, err
		}
	}
}

// renew makes another consumer after one that was lost, with its server or by itself. Where that helps for less than
// stallAfter, or nobody makes one, the caller may as well begin anew.
func (r *Reader) renew(ctx context.Context, lost error) error {
	if time.Since(r.renewed) < stallAfter {
		return lost
	}
	r.renewed = time.Now()
	r.msgs.Stop()
	return r.consume(ctx)
}

func (r *Reader) wait(ctx context.Context) (jetstream.Msg, error) {
	short, cancel := context.WithTimeout(ctx, stallAfter)
	defer cancel()
	return r.msgs.Next(jetstream.NextContext(short))
}

// behind asks the server whether there is more, and whether the log is still the same.
func (r *Reader) behind(ctx context.Context) (bool, error) {
	short, cancel := context.WithTimeout(ctx, stallAfter)
	defer cancel()
	info, err := r.log.Info(short)
	if err != nil {
		return false, err
	}
	r.checked = time.Now()
	if !info.Created.Equal(r.created) || info.Last+1 < r.next {
		return false, ErrReplaced
	}
	return info.Last >= r.next, nil
}

func (r *Reader) entry(ctx context.Context, m jetstream.Msg) (journal.Entry, error) {
	meta, err := m.Metadata()
	if err != nil {
		return journal.Entry{}, fmt.Errorf("read sequence %d: %w", r.next, err)
	}
	if meta.Sequence.Stream != r.next {
		return journal.Entry{}, r.skipped(ctx, meta.Sequence.Stream)
	}
	r.next++
	return journal.Entry{
		Seq: meta.Sequence.Stream, Subject: m.Subject(), Received: events.Millis(meta.Timestamp.UnixMilli()),
		Raw: m.Data(), Trace: traceOf(m.Headers()),
	}, nil
}

// traceOf is the trace that a message belongs to. The listener writes the name in small letters, as the header of HTTP
// is written; other clients may not.
func traceOf(h nats.Header) string {
	for _, name := range []string{"traceparent", "Traceparent"} {
		if text := h.Get(name); text != "" && len(text) <= maxTrace {
			return text
		}
	}
	return ""
}

// maxTrace: a traceparent has 55 characters.
const maxTrace = 64

// skipped is a gap if the leader's word is that the wanted message is gone. A replica that has not caught up after its
// leader was lost may deliver from later on: what lies between would be taken for lost, and never be read.
func (r *Reader) skipped(ctx context.Context, got uint64) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	s, err := r.log.js.Stream(ctx, Name)
	if err != nil {
		return fmt.Errorf("ask whether sequence %d is gone: %w", r.next, err)
	}
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return fmt.Errorf("ask whether sequence %d is gone: %w", r.next, err)
	}
	if r.next < info.State.FirstSeq || slices.Contains(info.State.Deleted, r.next) {
		return &journal.GapError{Want: r.next, Got: got}
	}
	return fmt.Errorf("%w: wanted sequence %d, got %d", ErrSkipped, r.next, got)
}
