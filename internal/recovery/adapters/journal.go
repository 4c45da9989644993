package adapters

import (
	"context"
	"io"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Journal reads the database's own journal.
type Journal struct {
	store *postgres.Store
	page  []journal.Line
	at, n int64
	total uint64
}

// NewJournal begins with the journal's first line.
func NewJournal(ctx context.Context, st *postgres.Store) (*Journal, error) {
	n, err := st.JournalLines(ctx)
	return &Journal{store: st, total: uint64(n)}, err
}

const journalPage = 1000

// Name is that of every replay of the journal.
func (s *Journal) Name() string { return "journal" }

// Total is the number of lines.
func (s *Journal) Total() uint64 { return s.total }

// Next is the next line; io.EOF ends them.
func (s *Journal) Next(ctx context.Context) (recovery.Item, error) {
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
