package adapters

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
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

// Frozen joins postgres.Frozen to recovery.Frozen.
type Frozen struct {
	postgres.Frozen
	By string // who repairs, for the audit
}

// View is what SQL judges of each token.
func (z Frozen) View(ctx context.Context) (out []recovery.ViewRow, at tokenstate.Millis, err error) {
	rows, at, err := z.Frozen.View(ctx)
	for _, r := range rows {
		out = append(out, recovery.ViewRow(r))
	}
	return out, at, err
}

// Tokens are all, and the rules in force.
func (z Frozen) Tokens(ctx context.Context) (out []tokenstate.Token, r tokenstate.Rules, err error) {
	tokens, r, err := z.Frozen.Tokens(ctx)
	for _, t := range tokens {
		out = append(out, t.Token)
	}
	return out, r, err
}

// Replace makes f the facts.
func (z Frozen) Replace(ctx context.Context, f tokenstate.Facts, detail string) error {
	return z.Frozen.Replace(ctx, f, z.By, detail)
}

// State is what the verdicts are made of now.
func State(ctx context.Context, pool *pgxpool.Pool) (recovery.State, error) {
	src := pgsource.New(pool, time.Second)
	defer src.Close()
	snap, err := src.Snapshot(ctx)
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
