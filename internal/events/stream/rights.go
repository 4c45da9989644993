package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// otherStream is JetStream's answer to a message that expects another stream than it would go to.
const otherStream = jetstream.ErrorCode(10060)

// MayPublish tries whether this identity may publish on a subject of the log, and leaves nothing
// behind: the message expects another stream, so the server, once it has let it through, refuses it.
// That a message is forbidden the server says before it answers what was sent afterwards.
func (l *Log) MayPublish(ctx context.Context, subject string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	may, err := l.tryToPublish(ctx, subject)
	if err != nil {
		return false, fmt.Errorf("try to publish on %s: %w", subject, err)
	}
	return may, nil
}

func (l *Log) tryToPublish(ctx context.Context, subject string) (bool, error) {
	answers, err := l.conn.SubscribeSync(l.conn.NewRespInbox())
	if err != nil {
		return false, err
	}
	defer func() { _ = answers.Unsubscribe() }()
	trial := &nats.Msg{Subject: subject, Reply: answers.Subject, Header: nats.Header{nats.ExpectedStreamHdr: {"NOT-" + Name}}}
	if err := l.conn.PublishMsg(trial); err != nil {
		return false, err
	}
	if err := l.conn.FlushWithContext(ctx); err != nil {
		return false, err
	}
	if last := l.conn.LastError(); errors.Is(last, nats.ErrPermissionViolation) && strings.Contains(last.Error(), strconv.Quote(subject)) {
		return false, nil
	}
	m, err := answers.NextMsgWithContext(ctx)
	if err != nil {
		return false, err
	}
	var answer struct {
		Error jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Error.ErrorCode != otherStream {
		return false, fmt.Errorf("the stream's answer is %q, and not that another stream was expected", m.Data)
	}
	return true, nil
}
