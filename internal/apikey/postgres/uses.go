package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// MarkUsed writes when keys were last used. It is not announced: no decision needs it.
func (s *Store) MarkUsed(ctx context.Context, at map[string]time.Time) error {
	p := dbsqlc.MarkUsedParams{}
	for id, t := range at {
		p.Ids, p.Ats = append(p.Ids, id), append(p.Ats, t)
	}
	if err := q.MarkUsed(ctx, s.pool, p); err != nil {
		return fmt.Errorf("write uses of keys: %w", err)
	}
	return nil
}

// Redigest stores digests under another pepper, unless they have changed meanwhile.
func (s *Store) Redigest(ctx context.Context, all []apikey.Redigest) error {
	slices.SortFunc(all, func(a, b apikey.Redigest) int { return cmp.Compare(a.ID, b.ID) }) // two replicas lock in one order
	_, err := state.Write(ctx, s.pool, func(tx pgx.Tx) (changes []state.Name, err error) {
		for _, r := range all {
			c, err := redigest(ctx, tx, r)
			if errors.Is(err, pgx.ErrNoRows) {
				continue
			}
			if err != nil {
				return nil, err
			}
			changes = append(changes, c)
		}
		return changes, nil
	})
	if err != nil {
		return fmt.Errorf("write digests: %w", err)
	}
	return nil
}

func redigest(ctx context.Context, tx pgx.Tx, r apikey.Redigest) (state.Name, error) {
	if !r.Service {
		row, err := q.RedigestKey(ctx, tx, dbsqlc.RedigestKeyParams{ID: r.ID, Old: r.Old[:], Digest: r.New[:], PepperID: r.PepperID})
		if err != nil {
			return state.Name{}, err
		}
		return nameOf(row), nil
	}
	row, err := q.RedigestServiceKey(ctx, tx,
		dbsqlc.RedigestServiceKeyParams{Name: r.ID, Old: r.Old[:], Digest: r.New[:], PepperID: r.PepperID})
	if err != nil {
		return state.Name{}, err
	}
	return state.Name{Kind: KindServiceKey, Key: row.Name}, nil
}

// ForgetOnce removes requests whose Idempotency-Key is more than a day old: with them goes the
// last way to their secrets.
func (s *Store) ForgetOnce(ctx context.Context) error {
	if err := q.ForgetOnce(ctx, s.pool); err != nil {
		return fmt.Errorf("forget old requests: %w", err)
	}
	return nil
}

// UnderPepper is how many live digests need a pepper.
type UnderPepper struct {
	Pepper            string
	Keys, ServiceKeys int64
}

// UnderPeppers counts live digests.
func (s *Store) UnderPeppers(ctx context.Context) ([]UnderPepper, error) {
	rows, err := q.DigestsByPepper(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("count digests: %w", err)
	}
	out := make([]UnderPepper, len(rows))
	for i, r := range rows {
		out[i] = UnderPepper{r.PepperID, r.Keys, r.ServiceKeys}
	}
	return out, nil
}

// page is how many rows one reading brings.
const page = 1000

// EachSystemKey calls f with each system key that is not revoked.
func (s *Store) EachSystemKey(ctx context.Context, f func(apikey.Record)) error {
	return each(func(after string) ([]dbsqlc.TokenstateApiKey, error) {
		return q.LiveSystemKeys(ctx, s.pool, dbsqlc.LiveSystemKeysParams{After: after, Most: page})
	}, func(k apikey.Listed) error { f(k.Record); return nil })
}

// Selection says which of a realm's live keys an operator means; empty members mean any.
type Selection struct {
	Realm, User string
	Kind        apikey.Kind
	Before      time.Time // made before
}

// EachKey calls f with each live key of a selection, until f fails.
func (s *Store) EachKey(ctx context.Context, sel Selection, f func(apikey.Listed) error) error {
	var before *time.Time
	if !sel.Before.IsZero() {
		before = &sel.Before
	}
	return each(func(after string) ([]dbsqlc.TokenstateApiKey, error) {
		return q.KeysToRevoke(ctx, s.pool, dbsqlc.KeysToRevokeParams{
			Realm: sel.Realm, Kind: string(sel.Kind), UserID: sel.User, Before: before, After: after, Most: page,
		})
	}, f)
}

func each(read func(after string) ([]dbsqlc.TokenstateApiKey, error), f func(apikey.Listed) error) error {
	after := ""
	for {
		rows, err := read(after)
		if err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		for _, row := range rows {
			k, err := listed(row)
			if err == nil {
				err = f(k)
			}
			if err != nil {
				return err
			}
			after = row.ID
		}
		if len(rows) < page {
			return nil
		}
	}
}
