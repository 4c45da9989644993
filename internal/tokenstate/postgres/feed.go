package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Change is one row of the feed. Value is JSON, for a fact the tokenstate.Row of that kind;
// nil is a removal.
type Change struct {
	Kind, Key string
	Value     []byte
}

// Version is everything one transaction changed. The nonce is random: a reader whose own last
// version has another one there has followed a history that no longer exists.
type Version struct {
	Version int64
	Nonce   string
	Changes []Change
}

func changesOf(rows []tokenstate.Row) ([]Change, error) {
	var cs []Change
	for _, r := range rows {
		v, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("encode fact: %w", err)
		}
		cs = append(cs, Change{r.Kind(), r.RowKey(), v})
	}
	return cs, nil
}

// Write has do write in one transaction, and announces what it gives as changed: version is of the feed, 0 if nothing is. Version
// order is commit order, for the head's row is locked until the commit; so the commit goes with the announcement in one round trip,
// and nobody waits for a writer that is far away or frozen. A rollback leaves no hole.
func Write(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) ([]Change, error)) (version int64, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	ended := false
	defer func() {
		if !ended {
			_ = tx.Rollback(ctx)
		}
	}()
	cs, err := do(tx)
	if err != nil {
		return 0, err
	}
	version, err = commit(ctx, conn, cs)
	ended = err == nil
	return version, err
}

func commit(ctx context.Context, conn *pgxpool.Conn, cs []Change) (version int64, err error) {
	var b pgx.Batch
	if len(cs) > 0 {
		p := announcement(cs)
		b.Queue(dbsqlc.Announce, p.Nonce, p.Kinds, p.Keys, p.Vals).QueryRow(func(row pgx.Row) error { return row.Scan(&version) })
	}
	b.Queue("COMMIT")
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return 0, fmt.Errorf("announce and commit: %w", err)
	}
	return version, nil
}

func announcement(cs []Change) dbsqlc.AnnounceParams {
	p := dbsqlc.AnnounceParams{Nonce: rand.Text()}
	for _, c := range cs {
		p.Kinds, p.Keys, p.Vals = append(p.Kinds, c.Kind), append(p.Keys, c.Key), append(p.Vals, text(c.Value))
	}
	return p
}

// text: a removal is empty in the array and NULL in the table.
func text(v []byte) string {
	if v == nil {
		return ""
	}
	return string(v)
}

// News is the status, and whole versions of the feed, of one state of the database.
type News struct {
	Status   Status
	Versions []Version
	More     bool  // there are versions behind these
	Gap      error // ErrPruned, ErrGap or ErrAhead: why there are none
}

// News reads at most span versions after a version.
func (s *Store) News(ctx context.Context, after, span int64) (News, error) {
	return s.news(ctx, after, span, dbsqlc.FeedSince, q.FeedSince)
}

// NewsShown is News for a role that may see no digests: what is neither a fact nor a token has no value.
func (s *Store) NewsShown(ctx context.Context, after, span int64) (News, error) {
	return s.news(ctx, after, span, dbsqlc.FeedShownSince, shownSince)
}

func shownSince(ctx context.Context, db dbsqlc.DBTX, p dbsqlc.FeedSinceParams) ([]dbsqlc.FeedSinceRow, error) {
	shown, err := q.FeedShownSince(ctx, db, dbsqlc.FeedShownSinceParams(p))
	rows := make([]dbsqlc.FeedSinceRow, len(shown))
	for i, r := range shown {
		rows[i] = dbsqlc.FeedSinceRow(r)
	}
	return rows, err
}

func (s *Store) news(ctx context.Context, after, span int64, sql string,
	take func(context.Context, dbsqlc.DBTX, dbsqlc.FeedSinceParams) ([]dbsqlc.FeedSinceRow, error),
) (n News, err error) {
	p := dbsqlc.FeedSinceParams{After: after, Until: after + span}
	err = s.ask(ctx, append(statusQuestions(), question{sql, []any{p.After, p.Until}}), func(db dbsqlc.DBTX) error {
		if n.Status, err = takeStatus(ctx, db); err != nil {
			return err
		}
		rows, err := take(ctx, db, p)
		if err != nil {
			return fmt.Errorf("read feed: %w", err)
		}
		n.Versions, n.Gap = versionsOf(rows, after, span)
		n.More = n.Gap == nil && rows[0].Head > p.Until
		return nil
	})
	return n, err
}

func versionsOf(rows []dbsqlc.FeedSinceRow, after, span int64) ([]Version, error) {
	var vs []Version
	for _, r := range rows {
		if after < r.Pruned {
			return nil, ErrPruned
		}
		if after > r.Head {
			return nil, ErrAhead
		}
		if r.Version == nil {
			if after < r.Head {
				return nil, ErrGap
			}
			return nil, nil
		}
		if n := len(vs); n == 0 || vs[n-1].Version != *r.Version {
			if *r.Version != after+int64(n)+1 {
				return nil, ErrGap
			}
			vs = append(vs, Version{Version: *r.Version, Nonce: *r.Nonce})
		}
		last := &vs[len(vs)-1]
		last.Changes = append(last.Changes, Change{*r.Kind, *r.Key, r.Value})
	}
	return vs, checkEnd(rows, after, span, len(vs))
}

func checkEnd(rows []dbsqlc.FeedSinceRow, after, span int64, got int) error {
	if want := min(span, rows[0].Head-after); int64(got) != want {
		return ErrGap
	}
	return nil
}
