// Package postgres keeps what was learnt in Postgres: facts, journal, floor and feed, written
// together in one transaction per batch. The commit is the acknowledgement.
package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var q = dbsqlc.New()

// Store is the state in one database.
type Store struct{ pool *pgxpool.Pool }

// New uses pool; it does not close it.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Apply writes b in one transaction, or nothing. After a fault in the commit itself the
// outcome is unknown: Floor tells.
func (s *Store) Apply(ctx context.Context, b journal.Batch) (journal.Applied, error) {
	var facts []Name
	version, err := Write(ctx, s.pool, func(tx pgx.Tx) (all []Name, err error) {
		if facts, err = apply(ctx, tx, b); err != nil {
			return nil, err
		}
		gone, err := erase(ctx, tx, b.Erase)
		if err != nil {
			return nil, err
		}
		return append(facts, gone...), moveFloor(ctx, tx, b.From, b.To)
	})
	if err != nil {
		return journal.Applied{}, fmt.Errorf("apply batch: %w", content(err))
	}
	return journal.Applied{Version: version, Changed: len(facts)}, nil
}

// apply keeps the order journal, facts, parked. What orders all writers comes last: the floor, and the feed's head at the end of
// the transaction.
func apply(ctx context.Context, tx pgx.Tx, b journal.Batch) ([]Name, error) {
	added, err := addJournal(ctx, tx, b.Lines)
	if err != nil {
		return nil, err
	}
	facts, err := newFacts(b, added)
	if err != nil {
		return nil, err
	}
	changed, err := joinFacts(ctx, tx, facts)
	if err != nil {
		return nil, err
	}
	if err := addParked(ctx, tx, b.To, b.Parked); err != nil {
		return nil, err
	}
	if err := putHeartbeats(ctx, tx, b.Heartbeats); err != nil {
		return nil, err
	}
	return namesOf(changed), nil
}

func joinFacts(ctx context.Context, tx pgx.Tx, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var changed []tokenstate.Row
	for _, join := range joins {
		rows, err := join(ctx, tx, f)
		if err != nil {
			return nil, fmt.Errorf("join facts: %w", err)
		}
		changed = append(changed, rows...)
	}
	return changed, nil
}

func moveFloor(ctx context.Context, tx pgx.Tx, from, to journal.Floor) error {
	n, err := q.MoveFloor(ctx, tx, dbsqlc.MoveFloorParams{
		Stream: to.Stream, StreamCreated: to.Created, Seq: int64(to.Seq), Digest: to.Digest,
		OldSeq: int64(from.Seq), OldDigest: from.Digest,
	})
	if err != nil {
		return fmt.Errorf("move floor: %w", err)
	}
	if n == 0 {
		return journal.ErrNotActive
	}
	return nil
}

// Floor reads how far the log is applied.
func (s *Store) Floor(ctx context.Context) (journal.Floor, error) {
	f, err := q.Floor(ctx, s.pool)
	if err != nil {
		return journal.Floor{}, fmt.Errorf("read floor: %w", err)
	}
	return journal.Floor{Stream: f.Stream, Created: f.StreamCreated, Seq: uint64(f.Seq), Digest: f.Digest}, nil
}
