package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// recoveryStore joins postgres.Store to recovery.Store.
type recoveryStore struct {
	*postgres.Store
	operator *operator
	stream   journal.Floor // where messages lie that cannot be read
}

func (s recoveryStore) Relearn(ctx context.Context, l recovery.Learnt) (int, error) {
	return s.Store.Relearn(ctx, postgres.Learnt{
		Journal: l.Journal, Parked: l.Parked, Facts: l.Facts, Stream: s.stream, Erase: l.Erase, Source: l.Source, Position: l.Position,
	})
}

func (s recoveryStore) State(ctx context.Context) (recovery.State, error) {
	return s.operator.state(ctx)
}

// frozen joins postgres.Frozen to recovery.Frozen.
type frozen struct {
	postgres.Frozen
	by string
}

func (z frozen) View(ctx context.Context) (out []recovery.ViewRow, at tokenstate.Millis, err error) {
	rows, at, err := z.Frozen.View(ctx)
	for _, r := range rows {
		out = append(out, recovery.ViewRow(r))
	}
	return out, at, err
}

func (z frozen) Tokens(ctx context.Context) (out []tokenstate.Token, r tokenstate.Rules, err error) {
	tokens, r, err := z.Frozen.Tokens(ctx)
	for _, t := range tokens {
		out = append(out, t.Token)
	}
	return out, r, err
}

func (z frozen) Replace(ctx context.Context, f tokenstate.Facts, detail string) error {
	return z.Frozen.Replace(ctx, f, z.by, detail)
}

// streamSource reads the log from a sequence to what was its end when the replay began.
type streamSource struct {
	name   string
	reader journal.Reader
	first  uint64
	last   uint64
}

func (s *streamSource) Name() string  { return s.name }
func (s *streamSource) Total() uint64 { return s.last }

func (s *streamSource) Next(ctx context.Context) (recovery.Item, error) {
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

// journalSource reads the database's own journal.
type journalSource struct {
	store *postgres.Store
	page  []journal.Line
	at, n int64
	total uint64
}

const journalPage = 1000

func (s *journalSource) Name() string  { return "journal" }
func (s *journalSource) Total() uint64 { return s.total }

func (s *journalSource) Next(ctx context.Context) (recovery.Item, error) {
	if len(s.page) == 0 {
		var err error
		if s.page, s.n, err = s.store.JournalPage(ctx, s.n, journalPage); err != nil {
			return recovery.Item{}, err
		}
	}
	if len(s.page) == 0 {
		return recovery.Item{}, io.EOF
	}
	e := s.page[0]
	s.page = s.page[1:]
	s.at++
	return recovery.Item{Position: uint64(s.at), Entry: journal.Entry{Seq: e.Seq, Received: e.Received, Raw: e.Raw}}, nil
}

var errNothing = errors.New("nothing to replay")

// streamFrom begins at seq, or at the log's first message if that came later.
func streamFrom(ctx context.Context, log *stream.Log, seq uint64) (*streamSource, journal.Floor, error) {
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
	return &streamSource{name, r, seq, info.Last}, journal.Floor{Stream: info.Name, Created: info.Created}, nil
}
