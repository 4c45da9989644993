package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// otherStream is JetStream's answer to a message that expects another stream than it would go to.
const otherStream = jetstream.ErrorCode(10060)

// MayPublish tries whether this identity may publish on a subject of the log, and leaves nothing
// behind: the message expects another stream, so the server, once it has let it through, refuses it.
// NATS answers a forbidden message to nobody, so that takes as long as one attempt.
func (l *Log) MayPublish(ctx context.Context, subject string) (bool, error) {
	short, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	_, err := l.js.PublishMsg(short, &nats.Msg{Subject: subject}, jetstream.WithExpectStream("NOT-"+Name), jetstream.WithRetryAttempts(0))
	refused := (*jetstream.APIError)(nil)
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == otherStream:
		return true, nil
	case err == nil:
		return false, fmt.Errorf("a trial on %s was kept", subject)
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && l.conn.IsConnected():
		return false, nil
	}
	return false, fmt.Errorf("try to publish on %s: %w", subject, err)
}
