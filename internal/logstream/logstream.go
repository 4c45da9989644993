// Package logstream says how the log's stream in JetStream is kept, to all who make it: operators by
// setup, and devstack.
package logstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// Config is what the stream is made with, as one replica: nothing is ever deleted from it but by the
// operator, and a full one refuses new messages instead of dropping unread ones.
// Compression stays off: the server corrupts compressed blocks (nats-server #8312).
func Config() jetstream.StreamConfig {
	return ours(jetstream.StreamConfig{
		Name: "TOKENSTATE", Storage: jetstream.FileStorage, Replicas: 1, MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxAge: 0,
	})
}

// ours sets what programs rely on. The rest of a stream that stands is the operator's: how many
// replicas, where they are placed, how long and how much is kept. A setup that wrote those, too,
// would silently take two of three replicas away.
func ours(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Subjects = []string{"tokenstate.v1.>"}
	c.Retention, c.Discard, c.MaxMsgsPerSubject = jetstream.LimitsPolicy, jetstream.DiscardNew, -1
	c.MaxMsgSize, c.Duplicates = 64<<10, 2*time.Minute
	c.DenyDelete, c.DenyPurge, c.AllowDirect, c.Compression = true, true, true, jetstream.NoCompression
	return c
}

// A server that has just deleted the stream is still removing its directory, and answers
// storeBusy ("error creating store for stream") to whoever makes it anew within that time.
const (
	storeBusy = jetstream.ErrorCode(10049)
	removals  = 20
	removal   = 100 * time.Millisecond
)

// Ensure makes the stream with so many replicas, or gives one that stands our settings and leaves its
// others. Only the operator's identity may.
func Ensure(ctx context.Context, js jetstream.JetStream, replicas int) (jetstream.Stream, error) {
	c := Config()
	c.Replicas = replicas
	standing, err := js.Stream(ctx, c.Name)
	switch {
	case err == nil:
		c = ours(standing.CachedInfo().Config)
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, err
	}
	s, err := js.CreateOrUpdateStream(ctx, c)
	for range removals {
		if refused := (*jetstream.APIError)(nil); !errors.As(err, &refused) || refused.ErrorCode != storeBusy {
			break
		}
		if err := pause.For(ctx, removal); err != nil {
			return nil, err
		}
		s, err = js.CreateOrUpdateStream(ctx, c)
	}
	return s, err
}
