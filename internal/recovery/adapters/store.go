package adapters

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Store joins postgres.Store to recovery.Store.
type Store struct {
	*postgres.Store
	Pool   *pgxpool.Pool
	Stream journal.Floor // where messages lie that cannot be read
}

// Relearn stores what a replay has learnt.
func (s Store) Relearn(ctx context.Context, l recovery.Learnt) (int, error) {
	return s.Store.Relearn(ctx, postgres.Learnt{
		Journal: l.Journal, Parked: l.Parked, Facts: l.Facts, Stream: s.Stream, Erase: l.Erase, Source: l.Source, Position: l.Position,
	})
}

// State is what the verdicts are made of now.
func (s Store) State(ctx context.Context) (recovery.State, error) {
	return State(ctx, s.Pool)
}

// State is what the verdicts are made of now.
func State(ctx context.Context, pool *pgxpool.Pool) (recovery.State, error) {
	src := pgsource.New(pool, time.Second)
	defer src.Close()
	snap, err := src.Whole(ctx)
	if err != nil {
		return recovery.State{}, err
	}
	status, err := src.Status(ctx)
	if err != nil {
		return recovery.State{}, err
	}
	s := recovery.State{Facts: snap.Facts, Keys: snap.Keys, Rules: status.Rules}
	for _, t := range snap.Tokens {
		s.Tokens = append(s.Tokens, t.Token)
	}
	return s, nil
}
