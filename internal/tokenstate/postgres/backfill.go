package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Backfill is how far a realm's event store has been read. Missed is the time of the latest
// event that only the last reading brought; 0 if there was none. What Keycloak had committed by Known
// has been read.
type Backfill struct {
	Realm               string
	Upto, Missed, Known tokenstate.Millis
}

// Backfills reads all of them.
func (s *Store) Backfills(ctx context.Context) ([]Backfill, error) {
	rows, err := q.Backfills(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read backfills: %w", err)
	}
	out := make([]Backfill, len(rows))
	for i, r := range rows {
		out[i] = Backfill{r.Realm, tokenstate.Millis(r.UptoMs), tokenstate.Millis(r.MissedMs), tokenstate.Millis(r.KnownMs)}
	}
	return out, nil
}

// PutBackfill notes how far a realm is read.
func (s *Store) PutBackfill(ctx context.Context, b Backfill) error {
	err := q.PutBackfill(ctx, s.pool,
		dbsqlc.PutBackfillParams{Realm: b.Realm, UptoMs: int64(b.Upto), MissedMs: int64(b.Missed), KnownMs: int64(b.Known)})
	if err != nil {
		return fmt.Errorf("note backfill: %w", err)
	}
	return nil
}

// KeepBackfills forgets how far other realms than these were read: nothing is held of them any more.
func (s *Store) KeepBackfills(ctx context.Context, realms []string) error {
	if _, err := q.KeepBackfills(ctx, s.pool, realms); err != nil {
		return fmt.Errorf("forget backfills: %w", err)
	}
	return nil
}

// RewindBackfills has the event stores read again from margin before the last message that was
// applied: what came after it may be lost.
func (s *Store) RewindBackfills(ctx context.Context, margin time.Duration) error {
	if err := q.RewindBackfills(ctx, s.pool, margin.Milliseconds()); err != nil {
		return fmt.Errorf("rewind backfills: %w", err)
	}
	return nil
}

// HaveEvents says which of ids the journal has.
func (s *Store) HaveEvents(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := q.HaveEvents(ctx, s.pool, ids)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	have := make(map[string]bool, len(found))
	for _, id := range found {
		have[id] = true
	}
	return have, nil
}

// Realms are those that tokens or keys belong to.
func (s *Store) Realms(ctx context.Context) ([]string, error) {
	realms, err := q.Realms(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read realms: %w", err)
	}
	return realms, nil
}
