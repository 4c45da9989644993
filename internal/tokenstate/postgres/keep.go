package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// JournalLines is how many messages the journal holds.
func (s *Store) JournalLines(ctx context.Context) (int64, error) {
	st, err := q.JournalState(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	return st.Lines, nil
}

// PruneJournal removes what lies in an exported file and arrived before a time. Pardons stay, and
// what a present fact that closes something names as its cause.
func (s *Store) PruneJournal(ctx context.Context, before time.Time, by string) (n int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if n, err = q.PruneJournal(ctx, tx, before.UnixMilli()); err != nil {
			return err
		}
		return audit(ctx, tx, by, "journal prune", fmt.Sprintf("%d lines from before %s", n, before.UTC().Format(time.RFC3339)))
	})
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	return n, nil
}

// PruneFeed removes versions that are older; readers that are behind them load again.
func (s *Store) PruneFeed(ctx context.Context, before time.Time) (int64, error) {
	n, err := q.PruneFeed(ctx, s.pool, before)
	if err != nil {
		return 0, fmt.Errorf("prune feed: %w", err)
	}
	return n, nil
}

// PruneHeartbeats forgets the nodes that were last heard so much earlier than the latest, unless one
// has lost what the event stores have not shown yet.
func (s *Store) PruneHeartbeats(ctx context.Context, behind time.Duration) (int64, error) {
	_, rs, skew, err := heard(ctx, s.pool)
	if err != nil {
		return 0, err
	}
	n, err := q.PruneHeartbeats(ctx, s.pool,
		dbsqlc.PruneHeartbeatsParams{BehindMs: behind.Milliseconds(), ReadMs: int64(hearing.ReadUntil(rs, skew))})
	if err != nil {
		return 0, fmt.Errorf("prune heartbeats: %w", err)
	}
	return n, nil
}

// PruneOutbox removes orders that were relayed before a time and have come back in the log.
func (s *Store) PruneOutbox(ctx context.Context, before time.Time) (int64, error) {
	n, err := q.PruneOutbox(ctx, s.pool, &before)
	if err != nil {
		return 0, fmt.Errorf("prune outbox: %w", err)
	}
	return n, nil
}

// ParkedMessage is a message that could not be read, and the stream that it came from.
type ParkedMessage struct {
	journal.Parked
	Stream time.Time // when it was created
}

// Parked lists them, by stream and sequence.
func (s *Store) Parked(ctx context.Context) ([]ParkedMessage, error) {
	rows, err := q.ListParked(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read parked messages: %w", err)
	}
	ps := make([]ParkedMessage, len(rows))
	for i, r := range rows {
		ps[i] = ParkedMessage{journal.Parked{
			Seq: uint64(r.Seq), Received: tokenstate.Millis(r.ReceivedMs), Subject: r.Subject, Reason: r.Reason, Raw: r.Raw,
		}, r.StreamCreated}
	}
	return ps, nil
}

// DropParked removes one, and notes who did so and why.
func (s *Store) DropParked(ctx context.Context, p ParkedMessage, by, what string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := q.DropParked(ctx, tx, dbsqlc.DropParkedParams{StreamCreated: p.Stream, Seq: int64(p.Seq)}); err != nil {
			return err
		}
		return audit(ctx, tx, by, "parked", fmt.Sprintf("sequence %d: %s", p.Seq, what))
	})
	if err != nil {
		return fmt.Errorf("remove parked message: %w", err)
	}
	return nil
}
