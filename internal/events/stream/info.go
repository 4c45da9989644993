package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
)

// ErrMissing says that the log does not hold the sequence.
var ErrMissing = errors.New("the log does not hold this sequence")

// Info is the identity and extent of the log. First and Last are 0 and 0, or 1 and 0, while it is empty.
type Info struct {
	Name        string
	Created     time.Time // with the name, the stream's identity: a re-created one has another
	First, Last uint64
}

// A server that has just deleted the stream is still removing its directory, and answers
// storeBusy ("error creating store for stream") to whoever makes it anew within that time.
const (
	storeBusy = jetstream.ErrorCode(10049)
	removals  = 20
	removal   = 100 * time.Millisecond
)

// EnsureStream creates the stream or gives it the settings that lose nothing silently
// (reliability.md §2.4). Only the operator's identity may.
func (l *Log) EnsureStream(ctx context.Context) error {
	config := jetstream.StreamConfig{
		Name: Name, Subjects: []string{events.SubjectPrefix + ">"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1, MaxAge: 0,
		MaxMsgSize: events.MaxMessage, Duplicates: 2 * time.Minute, Replicas: 1,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, Compression: jetstream.NoCompression,
	}
	_, err := l.js.CreateOrUpdateStream(ctx, config)
	for range removals {
		if refused := (*jetstream.APIError)(nil); !errors.As(err, &refused) || refused.ErrorCode != storeBusy {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(removal):
		}
		_, err = l.js.CreateOrUpdateStream(ctx, config)
	}
	if err != nil {
		return fmt.Errorf("create or update the stream %s (needs the operator's identity): %w", Name, err)
	}
	return nil
}

// Info asks the server about the log.
func (l *Log) Info(ctx context.Context) (Info, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return Info{}, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	i := s.CachedInfo()
	return Info{Name: i.Config.Name, Created: i.Created, First: i.State.FirstSeq, Last: i.State.LastSeq}, nil
}

// At is the raw message at seq, or ErrMissing.
func (l *Log) At(ctx context.Context, seq uint64) ([]byte, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return nil, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	m, err := s.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("get message %d: %w", seq, err)
	}
	return m.Data, nil
}
