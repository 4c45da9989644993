package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// Export is a file that holds the lines From to To of the journal.
type Export struct {
	From, To, Lines int64
	File, SHA256    string
	Made            time.Time
}

// JournalRange gives the first and the last line after n that can be exported: no line with a smaller
// number can still come. It waits for the transactions that are writing lines now. 0, 0: there is none.
func (s *Store) JournalRange(ctx context.Context, after int64) (first, last int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := q.LockJournal(ctx, tx); err != nil {
			return err
		}
		r, err := q.JournalRange(ctx, tx, after)
		first, last = r.First, r.Last
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("find what of the journal is complete: %w", err)
	}
	return first, last, nil
}

// Exported is the last line that an export holds.
func (s *Store) Exported(ctx context.Context) (int64, error) {
	st, err := q.JournalState(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("read how far the journal is exported: %w", err)
	}
	return st.ExportedN, nil
}

// JournalExported notes that lines are in a file, and may be pruned.
func (s *Store) JournalExported(ctx context.Context, e Export) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		p := dbsqlc.AddJournalExportParams{FromN: e.From, ToN: e.To, Lines: e.Lines, File: e.File, Sha256: e.SHA256, BySchema: schema.Version}
		if err := q.AddJournalExport(ctx, tx, p); err != nil {
			return err
		}
		return q.JournalExported(ctx, tx, e.To)
	})
	if err != nil {
		return fmt.Errorf("note the export: %w", err)
	}
	return nil
}

// Exports are the latest files that hold lines which the journal still has.
func (s *Store) Exports(ctx context.Context, most int) ([]Export, error) {
	rows, err := q.JournalExports(ctx, s.pool, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read which files hold the journal: %w", err)
	}
	out := make([]Export, len(rows))
	for i, r := range rows {
		out[i] = Export{r.FromN, r.ToN, r.Lines, r.File, r.Sha256, r.MadeAt}
	}
	return out, nil
}

// Pruned says whether lines of the journal were removed.
func (s *Store) Pruned(ctx context.Context) (bool, error) {
	st, err := q.JournalState(ctx, s.pool)
	if err != nil {
		return false, fmt.Errorf("read whether the journal was pruned: %w", err)
	}
	return st.PrunedN > 0, nil
}
