package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

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

func publish(ctx context.Context, tx pgx.Tx, rows []tokenstate.Row) error {
	cs, err := changesOf(rows)
	if err != nil {
		return err
	}
	_, err = Announce(ctx, tx, cs)
	return err
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

// Announce gives changes the next version. The head's row lock is held until the commit, so
// that version order is commit order; a rollback leaves no hole. Call it last in a transaction.
func Announce(ctx context.Context, tx pgx.Tx, cs []Change) (int64, error) {
	if len(cs) == 0 {
		return 0, nil
	}
	p := dbsqlc.AnnounceParams{Nonce: rand.Text()}
	for _, c := range cs {
		p.Kinds, p.Keys, p.Vals = append(p.Kinds, c.Kind), append(p.Keys, c.Key), append(p.Vals, text(c.Value))
	}
	v, err := q.Announce(ctx, tx, p)
	if err != nil {
		return 0, fmt.Errorf("write feed: %w", err)
	}
	return v, nil
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
