package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/recovery"
)

// Log reads the log from a sequence to what was its end when the replay began.
type Log struct {
	name   string
	reader journal.Reader
	first  uint64
	last   uint64
}

// Name says which log, and from where.
func (s *Log) Name() string { return s.name }

// Total is the last sequence.
func (s *Log) Total() uint64 { return s.last }

// Next is the next message; io.EOF ends them.
func (s *Log) Next(ctx context.Context) (recovery.Item, error) {
	if s.first > s.last {
		return recovery.Item{}, io.EOF
	}
	e, err := s.reader.Next(ctx)
	if err != nil {
		return recovery.Item{}, err
	}
	s.first = e.Seq + 1
	return recovery.Item{Position: e.Seq, Entry: e}, nil
}

var errNothing = errors.New("nothing to replay")

// Close ends the reading.
func (s *Log) Close() { s.reader.Stop() }

// From begins at seq, or at the log's first message if that came later.
func From(ctx context.Context, log *stream.Log, seq uint64) (*Log, journal.Floor, error) {
	info, err := log.Info(ctx)
	if err != nil {
		return nil, journal.Floor{}, fmt.Errorf("%w: check NATS_URL", err)
	}
	if seq > info.Last || info.Last == 0 {
		return nil, journal.Floor{}, fmt.Errorf("%w: the log's last message is %d", errNothing, info.Last)
	}
	seq = max(seq, info.First)
	r, err := log.Read(ctx, seq-1)
	if err != nil {
		return nil, journal.Floor{}, err
	}
	name := fmt.Sprintf("log %s of %d from %d", info.Name, info.Created.UnixMicro(), seq)
	return &Log{name, r, seq, info.Last}, journal.Floor{Stream: info.Name, Created: info.Created}, nil
}
