package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// Act is something done with a service credential, or by an operator, whose Request is the reason;
// Times equal ones are one row.
type Act struct {
	At                           time.Time
	Realm, Actor, Action, Target string
	Status                       int
	Times                        int64
	Request                      string
}

// ErrBroken says that a row of the audit was changed or removed after it was written.
var ErrBroken = errors.New("the audit was changed after it was written")

// WriteActs adds acts to the chain. Writers wait for each other at its head.
func (s *Store) WriteActs(ctx context.Context, acts []Act) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		head, err := q.LockActHead(ctx, tx)
		if err != nil {
			return err
		}
		n, hash := head.N, head.Hash
		rows := make([]dbsqlc.AddActsParams, len(acts))
		for i, a := range acts {
			n++
			rows[i] = rowOf(n, a)
			rows[i].Hash = chain(hash, rows[i])
			hash = rows[i].Hash
		}
		if _, err := q.AddActs(ctx, tx, rows); err != nil {
			return err
		}
		return q.SetActHead(ctx, tx, dbsqlc.SetActHeadParams{N: n, Hash: hash})
	})
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

func rowOf(n int64, a Act) dbsqlc.AddActsParams {
	return dbsqlc.AddActsParams{
		N: n, AtMs: a.At.UnixMilli(), Realm: a.Realm, Actor: a.Actor, Action: a.Action, Target: a.Target,
		Status: int32(a.Status), Times: a.Times, Request: a.Request,
	}
}

// chain hashes a row behind the hash before it, each text behind its length.
func chain(before []byte, r dbsqlc.AddActsParams) []byte {
	h := sha256.New()
	_, _ = h.Write(before)
	for _, n := range []int64{r.N, r.AtMs, int64(r.Status), r.Times} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	for _, text := range []string{r.Realm, r.Actor, r.Action, r.Target, r.Request} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		_, _ = h.Write([]byte(text))
	}
	return h.Sum(nil)
}

// EachAct calls f with every act after number after, in order, and checks the chain from its
// beginning; ErrBroken names the first row that does not fit.
func (s *Store) EachAct(ctx context.Context, after int64, f func(n int64, a Act)) (head int64, hash []byte, err error) {
	want, err := q.ActHead(ctx, s.pool) // before the rows: what is added meanwhile lies beyond it
	if err != nil {
		return 0, nil, fmt.Errorf("read audit: %w", err)
	}
	n, hash := int64(0), make([]byte, sha256.Size)
	for n < want.N {
		rows, err := q.ActsAfter(ctx, s.pool, dbsqlc.ActsAfterParams{After: n, Most: page})
		if err != nil {
			return 0, nil, fmt.Errorf("read audit: %w", err)
		}
		if len(rows) == 0 {
			return n, hash, fmt.Errorf("%w: row %d is missing", ErrBroken, n+1)
		}
		for _, r := range rows[:min(int64(len(rows)), want.N-n)] {
			a := Act{time.UnixMilli(r.AtMs), r.Realm, r.Actor, r.Action, r.Target, int(r.Status), r.Times, r.Request}
			hash = chain(hash, rowOf(n+1, a))
			if r.N != n+1 || !bytes.Equal(hash, r.Hash) {
				return n, hash, fmt.Errorf("%w: row %d does not fit", ErrBroken, n+1)
			}
			if n = r.N; n > after {
				f(n, a)
			}
		}
	}
	if !bytes.Equal(hash, want.Hash) {
		return n, hash, fmt.Errorf("%w: its head does not fit", ErrBroken)
	}
	return n, hash, nil
}
