package devstack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stream is the log as its operator makes it: nothing is ever deleted from it but by the
// operator, and a full one refuses new messages instead of dropping unread ones.
func Stream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "TOKENSTATE", Subjects: []string{"tokenstate.v1.>"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Replicas: 1,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1,
		MaxMsgSize: 64 << 10, Duplicates: 2 * time.Minute,
		DenyDelete: true, DenyPurge: true, AllowDirect: true,
	}
}

// CreateStream makes the stream, with the operator's URL. One that exists already is left as
// it is if it has these settings.
func CreateStream(ctx context.Context, operatorURL string) error {
	nc, err := nats.Connect(operatorURL, nats.CustomInboxPrefix("_INBOX_op"), nats.Name("devstack"))
	if err != nil {
		return fmt.Errorf("nats does not answer: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	stream, err := js.CreateOrUpdateStream(ctx, Stream())
	for range 20 { // a server that has just deleted the stream is still removing its directory
		if refused := (*jetstream.APIError)(nil); !errors.As(err, &refused) || refused.ErrorCode != 10049 {
			break
		}
		if err := pause(ctx); err != nil {
			return err
		}
		stream, err = js.CreateOrUpdateStream(ctx, Stream())
	}
	if err != nil {
		return err
	}
	_, err = stream.Info(ctx)
	return err
}
