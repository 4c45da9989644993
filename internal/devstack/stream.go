package devstack

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/logstream"
)

// CreateStream makes the stream, with the operator's URL. One that exists already is left as
// it is if it has these settings.
func CreateStream(ctx context.Context, operatorURL string) error {
	return createStream(ctx, operatorURL, 1)
}

func createStream(ctx context.Context, operatorURL string, replicas int) error {
	nc, err := nats.Connect(operatorURL, nats.CustomInboxPrefix("_INBOX_op"), nats.Name("devstack"))
	if err != nil {
		return fmt.Errorf("nats does not answer: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	stream, err := logstream.Ensure(ctx, js, replicas)
	if err != nil {
		return err
	}
	_, err = stream.Info(ctx)
	return err
}
