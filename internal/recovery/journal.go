package recovery

import (
	"context"
	"io"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// Pages reads the database's own journal: the lines after one, and the number of the last of them.
type Pages interface {
	JournalPage(ctx context.Context, after int64, most int) (lines []journal.Line, last int64, err error)
	JournalLines(ctx context.Context) (int64, error)
}

// Journal is a Source for one goroutine.
type Journal struct {
	pages Pages
	page  []journal.Line
	at, n int64
	total int64
}

// ReadJournal begins at the first line.
func ReadJournal(ctx context.Context, p Pages) (*Journal, error) {
	n, err := p.JournalLines(ctx)
	return &Journal{pages: p, total: n}, err
}

// Name implements Source.
func (*Journal) Name() string { return "journal" }

// Total implements Source.
func (s *Journal) Total() uint64 { return uint64(s.total) }

// Next implements Source.
func (s *Journal) Next(ctx context.Context) (Item, error) {
	if len(s.page) == 0 {
		var err error
		if s.page, s.n, err = s.pages.JournalPage(ctx, s.n, chunk); err != nil {
			return Item{}, err
		}
	}
	if len(s.page) == 0 {
		return Item{}, io.EOF
	}
	e := s.page[0]
	s.page = s.page[1:]
	s.at++
	return Item{Position: uint64(s.at), Own: true, Entry: journal.Entry{Seq: e.Seq, Received: e.Received, Raw: e.Raw}}, nil
}
