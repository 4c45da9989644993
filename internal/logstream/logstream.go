// Package logstream says how the log's stream in JetStream is kept, to all who make it: operators by
// setup, and devstack.
package logstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Config of the stream: nothing is ever deleted from it but by the operator, and a full one refuses
// new messages instead of dropping unread ones. Compression stays off: the
// server corrupts compressed blocks (nats-server #8312).
func Config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "TOKENSTATE", Subjects: []string{"tokenstate.v1.>"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Replicas: 1,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1, MaxAge: 0,
		MaxMsgSize: 64 << 10, Duplicates: 2 * time.Minute,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, Compression: jetstream.NoCompression,
	}
}

// A server that has just deleted the stream is still removing its directory, and answers
// storeBusy ("error creating store for stream") to whoever makes it anew within that time.
const (
	storeBusy = jetstream.ErrorCode(10049)
	removals  = 20
	removal   = 100 * time.Millisecond
)

// Ensure creates the stream or gives it these settings. Only the operator's identity may.
func Ensure(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	s, err := js.CreateOrUpdateStream(ctx, Config())
	for range removals {
		if refused := (*jetstream.APIError)(nil); !errors.As(err, &refused) || refused.ErrorCode != storeBusy {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(removal):
		}
		s, err = js.CreateOrUpdateStream(ctx, Config())
	}
	return s, err //nolint:wrapcheck // JetStream says what failed
}
