package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Snapshot is the state at one version of the feed.
type Snapshot struct {
	Facts   tokenstate.Facts
	Tokens  []StoredToken
	Version int64
	Nonce   string
	Rules   tokenstate.Rules
}

// Snapshot reads everything in one repeatable-read transaction; the feed is then installed on
// top, by version. also reads what lies in other adapters' tables, in the same transaction.
func (s *Store) Snapshot(ctx context.Context, also ...func(context.Context, pgx.Tx) error) (Snapshot, error) {
	snap := Snapshot{Facts: tokenstate.NewFacts()}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	ctx = unhurried(ctx)
	err := pgx.BeginTxFunc(ctx, s.pool, opts, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, snapshotBounds, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		head, err := q.Head(ctx, tx)
		if err != nil {
			return err
		}
		snap.Version, snap.Nonce = head.Version, head.Nonce
		if snap.Rules, err = rules(ctx, tx); err != nil {
			return err
		}
		if snap.Tokens, err = listTokens(ctx, tx); err != nil {
			return err
		}
		for _, read := range also {
			if err := read(ctx, tx); err != nil {
				return err
			}
		}
		return loadFacts(ctx, tx, snap.Facts)
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("read snapshot: %w", err)
	}
	return snap, nil
}

// Facts reads all facts and the version they stand at.
func (s *Store) Facts(ctx context.Context) (tokenstate.Facts, int64, error) {
	snap, err := s.Snapshot(ctx)
	return snap.Facts, snap.Version, err
}

func loadFacts(ctx context.Context, tx pgx.Tx, f tokenstate.Facts) error {
	for _, load := range loads {
		rows, err := load(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			r.SetIn(f)
		}
	}
	return nil
}
