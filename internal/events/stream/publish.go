package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
)

const (
	tryFor  = 2 * time.Second
	maxWait = 5 * time.Second

	complainGap = 30 * time.Second
)

// Publish puts m into the log and returns its sequence. Whatever fails but ctx and encoding is
// tried again with the same id: after a timeout the message may or may not be stored, and a
// duplicate counts as success.
func (l *Log) Publish(ctx context.Context, m events.Message) (uint64, error) {
	raw, err := events.Encode(m)
	if err != nil {
		return 0, fmt.Errorf("publish %s: %w", m.ID, err)
	}
	msg := &nats.Msg{Subject: events.Subject(m), Data: raw, Header: nats.Header{nats.MsgIdHdr: {m.ID}}}
	for again := 100 * time.Millisecond; ; again = min(2*again, maxWait) {
		ack, err := l.publishOnce(ctx, msg)
		if err == nil {
			return ack.Sequence, nil
		}
		l.complain(err, m.ID)
		if ended := pause.About(ctx, again); ended != nil {
			return 0, fmt.Errorf("publish %s: %w; the last attempt said: %w", m.ID, ended, err)
		}
	}
}

// complain says so once in a while: when NATS is away, every publisher has the same to say.
func (l *Log) complain(err error, id string) {
	now := time.Now().UnixNano()
	last := l.complained.Load()
	if now-last < int64(complainGap) || !l.complained.CompareAndSwap(last, now) {
		return
	}
	l.log.Warn().Err(err).Str("id", id).Msg("not published yet; this and what follows is tried again with the same id")
}

func (l *Log) publishOnce(ctx context.Context, msg *nats.Msg) (*jetstream.PubAck, error) {
	short, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return l.js.PublishMsg(short, msg, jetstream.WithExpectStream(Name))
}
