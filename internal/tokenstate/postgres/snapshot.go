package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Taker is shown a snapshot: first of which version it is, then all facts, then all tokens, unless it wants none (nil). A
// fact is good until the call returns. If reading ends in an error it was no snapshot.
type Taker struct {
	Begin func(version int64, nonce string)
	Fact  func(tokenstate.Row)
	Token func(StoredToken)
}

// Snapshot shows everything in one repeatable-read transaction; the feed is then installed on top, by version. also reads
// what lies in other adapters' tables, in the same transaction.
func (s *Store) Snapshot(ctx context.Context, to Taker, also ...func(context.Context, *Reader) error) error {
	ctx = unhurried(ctx)
	err := s.inOneState(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, snapshotBounds, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		head, err := q.Head(ctx, tx)
		if err != nil {
			return err
		}
		to.Begin(head.Version, head.Nonce)
		r := NewReader(tx)
		if err := eachFact(ctx, r, to.Fact); err != nil {
			return err
		}
		if to.Token != nil {
			if err := eachToken(ctx, r, to.Token); err != nil {
				return err
			}
		}
		for _, read := range also {
			if err := read(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	return nil
}

// inOneState has do read one state of the database, whoever writes meanwhile.
func (s *Store) inOneState(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, do)
}

// Facts reads all facts and the version they stand at.
func (s *Store) Facts(ctx context.Context) (f tokenstate.Facts, at int64, err error) {
	f = tokenstate.NewFacts()
	err = s.Snapshot(ctx, Taker{
		Begin: func(version int64, _ string) { at = version },
		Fact:  func(r tokenstate.Row) { r.SetIn(f) },
	})
	return f, at, err
}

func eachFact(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	for _, load := range loads {
		if err := load(ctx, r, take); err != nil {
			return err
		}
	}
	return nil
}
