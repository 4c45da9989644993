package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Learnt is what a second reading of the log brings: lines that the journal may lack, and facts
// that the tables may lack. It moves no floor.
type Learnt struct {
	Journal []journal.Line
	Facts   tokenstate.Facts
	Parked  []journal.Parked
	Stream  journal.Floor // the stream that Parked lies in
	Erase   []tokenstate.Erasure

	Source   string // of a replay that can be resumed
	Position uint64 // how far it is
}

// Relearn joins l into what is there, in one transaction beside the live worker's.
func (s *Store) Relearn(ctx context.Context, l Learnt) (changed int, err error) {
	_, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		if _, err := addJournal(ctx, tx, l.Journal); err != nil {
			return nil, err
		}
		rows, err := joinFacts(ctx, tx, l.Facts)
		if err != nil {
			return nil, err
		}
		changed = len(rows)
		if err := addParked(ctx, tx, l.Stream, l.Parked); err != nil {
			return nil, err
		}
		gone, err := erase(ctx, tx, l.Erase)
		if err == nil && l.Source != "" {
			err = q.SaveReplay(ctx, tx, dbsqlc.SaveReplayParams{Source: l.Source, Position: int64(l.Position)})
		}
		return append(namesOf(rows), gone...), err
	})
	if err != nil {
		return 0, fmt.Errorf("write what was learnt again: %w", err)
	}
	return changed, nil
}

// ReplayAt is how far an interrupted replay of source came; 0 if there is none.
func (s *Store) ReplayAt(ctx context.Context, source string) (uint64, error) {
	at, err := q.ReplayAt(ctx, s.pool, source)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the replay's progress: %w", err)
	}
	return uint64(at), nil
}

// EndReplay forgets the progress of source, which is done.
func (s *Store) EndReplay(ctx context.Context, source string) error {
	if err := q.EndReplay(ctx, s.pool, source); err != nil {
		return fmt.Errorf("end the replay: %w", err)
	}
	return nil
}

// JournalHas gives the journal's own lines of ids.
func (s *Store) JournalHas(ctx context.Context, ids []string) (map[string]journal.Line, error) {
	rows, err := q.JournalByID(ctx, s.pool, ids)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	has := make(map[string]journal.Line, len(rows))
	for _, r := range rows {
		if has[r.ID], err = entryOf(r); err != nil {
			return nil, err
		}
	}
	return has, nil
}

// RealmsHeard are those that a look has seen, or that tokens or keys belong to.
func (s *Store) RealmsHeard(ctx context.Context) ([]string, error) {
	realms, err := q.RealmsHeard(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read the realms: %w", err)
	}
	return realms, nil
}

// ordersAtOnce are read together, and at most mostOrders in all: what became of refreshes is among them.
const (
	ordersAtOnce = 1_000
	mostOrders   = 100_000
)

// EachOrder gives the journal's orders and pardons of a realm, the newest first, until do says that it has enough; realm
// "": of all realms.
func (s *Store) EachOrder(ctx context.Context, realm string, do func(events.Message) (more bool)) error {
	before := int64(math.MaxInt64)
	for range mostOrders / ordersAtOnce {
		rows, err := q.OrdersBefore(ctx, s.pool, dbsqlc.OrdersBeforeParams{Realm: realm, Before: before, Most: ordersAtOnce})
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		for _, r := range rows {
			before = r.N
			m, err := said(r)
			if err != nil {
				return err
			}
			if !do(m) {
				return nil
			}
		}
		if len(rows) < ordersAtOnce {
			return nil
		}
	}
	return nil
}

// JournalAbout gives a realm's messages that name any of names, oldest first, at most most; realm "":
// of all realms.
func (s *Store) JournalAbout(ctx context.Context, realm string, names []string, most int) (ms []events.Message, err error) {
	rows, err := q.JournalAbout(ctx, s.pool, dbsqlc.JournalAboutParams{Realm: realm, Names: indexed(names...), Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	for _, r := range rows {
		m, err := said(r)
		if err != nil {
			return nil, err
		}
		if concerns(r, m, names) {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// JournalPage gives the lines after n in the order of the journal, and the n of the last.
func (s *Store) JournalPage(ctx context.Context, after int64, most int) ([]journal.Line, int64, error) {
	return journalPage(ctx, s.pool, after, most)
}

// JournalLinesTo is JournalPage without what lies behind a line.
func (s *Store) JournalLinesTo(ctx context.Context, after, to int64, most int) ([]journal.Line, int64, error) {
	rows, err := q.JournalPage(ctx, s.pool, dbsqlc.JournalPageParams{After: after, Most: int32(most)})
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	if i := slices.IndexFunc(rows, func(r dbsqlc.TokenstateJournal) bool { return r.N > to }); i >= 0 {
		rows = rows[:i]
	}
	return page(rows, after)
}

func journalPage(ctx context.Context, db dbsqlc.DBTX, after int64, most int) ([]journal.Line, int64, error) {
	rows, err := q.JournalPage(ctx, db, dbsqlc.JournalPageParams{After: after, Most: int32(most)})
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	return page(rows, after)
}

// page is rows that follow the n after, and the n of the last.
func page(rows []dbsqlc.TokenstateJournal, after int64) ([]journal.Line, int64, error) {
	es, err := entriesOf(rows)
	if len(rows) > 0 {
		after = rows[len(rows)-1].N
	}
	return es, after, err
}
