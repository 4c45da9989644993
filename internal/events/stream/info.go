package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/logstream"
)

// EnsureStream creates the stream with so many replicas, or gives one that stands the settings that
// lose nothing silently, and leaves its replicas. Only the operator's identity may.
func (l *Log) EnsureStream(ctx context.Context, replicas int) error {
	if _, err := logstream.Ensure(ctx, l.js, replicas); err != nil {
		return fmt.Errorf("create or update the stream %s (needs the operator's identity): %w", Name, err)
	}
	return nil
}

// Info asks the server about the log.
func (l *Log) Info(ctx context.Context) (journal.Extent, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return journal.Extent{}, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	i := s.CachedInfo()
	return journal.Extent{Name: i.Config.Name, Created: i.Created, First: i.State.FirstSeq, Last: i.State.LastSeq}, nil
}

// At is the raw message at seq, or ErrMissing.
func (l *Log) At(ctx context.Context, seq uint64) ([]byte, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return nil, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	m, err := s.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, journal.ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("get message %d: %w", seq, err)
	}
	return m.Data, nil
}
