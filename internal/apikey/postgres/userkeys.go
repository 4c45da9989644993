package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// maxLive is how many live keys one user may have. Two who create at once may pass it by one:
// it bounds growth, nothing hangs on it.
const maxLive = 1000

// Create stores the key that build makes for a user, or refuses to. With once a repeated request changes
// nothing and is told what the first one came to; apikey.ErrReused, apikey.ErrTooMany.
func (s *Store) Create(ctx context.Context, realm, user string, build func(apikey.Owned) (apikey.Issue, error),
	once *apikey.Once,
) (out apikey.Issued, err error) {
	version, err := state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		var again bool
		if out, again, err = claim(ctx, tx, realm, once); err != nil || again {
			return nil, err
		}
		owner, err := ownerOf(ctx, tx, realm, user)
		if err != nil {
			return nil, err
		}
		k, err := build(owner)
		if err != nil {
			return nil, err
		}
		n, err := q.LiveKeys(ctx, tx, dbsqlc.LiveKeysParams{Realm: k.Realm, UserID: k.User})
		if err != nil {
			return nil, err
		}
		if n >= maxLive {
			return nil, apikey.ErrTooMany
		}
		out.Record = k.Record
		return add(ctx, tx, k)
	})
	if err != nil {
		return apikey.Issued{}, fmt.Errorf("create key: %w", err)
	}
	out.Version = version
	return out, nil
}

// claim takes an Idempotency-Key, or gives what its first request came to. Who comes second
// while the first is not done waits for it here.
func claim(ctx context.Context, tx pgx.Tx, realm string, o *apikey.Once) (out apikey.Issued, again bool, err error) {
	if o == nil {
		return out, false, nil
	}
	out.Seed = o.Seed
	_, err = q.ClaimOnce(ctx, tx, dbsqlc.ClaimOnceParams{
		Realm: realm, Caller: o.Caller, Key: o.Key[:], Request: o.Request[:],
		Seed: o.Seed[:], KeyID: o.KeyID,
	})
	if !errors.Is(err, pgx.ErrNoRows) {
		return out, false, err
	}
	first, err := q.FindOnce(ctx, tx, dbsqlc.FindOnceParams{Realm: realm, Caller: o.Caller, Key: o.Key[:]})
	if err != nil {
		return out, false, err
	}
	if [32]byte(first.Request) != o.Request {
		return out, false, apikey.ErrReused
	}
	row, err := q.FindKey(ctx, tx, first.KeyID)
	if err != nil {
		return out, false, err
	}
	out.Record, err = record(row)
	out.Seed, out.Again = apikey.Seed(first.Seed), true
	return out, true, err
}

// Rotate replaces a key by the one that next makes of it, or refuses; once only. An old one that ends at
// once does so by the order that order makes of its id; apikey.ErrNotFound, apikey.ErrReused,
// apikey.ErrRotated.
func (s *Store) Rotate(ctx context.Context, ref apikey.Ref, once *apikey.Once,
	next func(old apikey.Record, owner apikey.Owned) (apikey.Successor, error),
	order func(keyID string) events.Message,
) (out apikey.Issued, err error) {
	version, err := state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		var again bool
		if out, again, err = claim(ctx, tx, ref.Realm, once); err != nil || again {
			return nil, err
		}
		owner, err := ownerOf(ctx, tx, ref.Realm, ref.User)
		if err != nil {
			return nil, err
		}
		old, err := owned(ctx, tx, ref)
		if err != nil {
			return nil, err
		}
		k, err := next(old, owner)
		if err != nil {
			return nil, err
		}
		k.Replaces = old.ID
		added, err := add(ctx, tx, k.Issue)
		if violates(err, "api_key_replaces_key") {
			return nil, apikey.ErrRotated
		}
		if err != nil {
			return nil, err
		}
		out.Record = k.Record
		ended, err := endKey(ctx, tx, old.ID, k.OldEnds, order)
		return append(ended, added...), err
	})
	if err != nil {
		return apikey.Issued{}, fmt.Errorf("rotate key: %w", err)
	}
	out.Version = version
	return out, nil
}

func endKey(ctx context.Context, tx pgx.Tx, id string, end events.Seconds, order func(string) events.Message) ([]state.Name, error) {
	if end == 0 {
		return revoke(ctx, tx, order(id), false)
	}
	row, err := q.ExpireKey(ctx, tx, dbsqlc.ExpireKeyParams{ID: id, ExpiresAt: end.Time()})
	if err != nil {
		return nil, err
	}
	return []state.Name{nameOf(row)}, err
}

// RevokeOne ends a key, and the older secrets that were rotated into it and still live: whoever
// revokes a key does not mean to leave one of its secrets open. One that is revoked already is
// found, and nothing is done.
func (s *Store) RevokeOne(ctx context.Context, ref apikey.Ref,
	order func(keyID string) events.Message,
) (rec apikey.Record, version int64, err error) {
	version, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		if err := state.LockOwner(ctx, tx, ref.Realm, ref.User); err != nil { // first, as in Rotate
			return nil, err
		}
		if rec, err = owned(ctx, tx, ref); err != nil {
			return nil, err
		}
		ids, err := q.Replaced(ctx, tx, rec.ID)
		if err != nil {
			return nil, err
		}
		if rec.RevokedAt == 0 {
			ids = append(ids, rec.ID)
		}
		return revokeAll(ctx, tx, ids, order, false)
	})
	if err != nil {
		return apikey.Record{}, 0, fmt.Errorf("revoke key: %w", err)
	}
	return rec, version, nil
}

// owned reads a key and holds its row until the transaction ends.
func owned(ctx context.Context, tx pgx.Tx, ref apikey.Ref) (apikey.Record, error) {
	row, err := q.OwnedKey(ctx, tx, dbsqlc.OwnedKeyParams{ID: ref.ID, Realm: ref.Realm, UserID: ref.User, Orgs: list(ref.Orgs)})
	if errors.Is(err, pgx.ErrNoRows) {
		return apikey.Record{}, apikey.ErrNotFound
	}
	if err != nil {
		return apikey.Record{}, err
	}
	return record(row)
}

// List gives a user's keys, newest first, after the one that cursor names. Ref's ID is not used.
func (s *Store) List(ctx context.Context, ref apikey.Ref, system bool, cursor string, most int) ([]apikey.Listed, error) {
	rows, err := q.ListKeys(ctx, s.pool, dbsqlc.ListKeysParams{
		Realm: ref.Realm, UserID: ref.User, System: system, Orgs: list(ref.Orgs), Cursor: cursor, Most: int32(most),
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	out := make([]apikey.Listed, len(rows))
	for i, row := range rows {
		if out[i], err = listed(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FindListed reads one key with all that operators see of it.
func (s *Store) FindListed(ctx context.Context, id string) (apikey.Listed, error) {
	row, err := q.FindKey(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return apikey.Listed{}, apikey.ErrNotFound
	}
	if err != nil {
		return apikey.Listed{}, fmt.Errorf("find key: %w", err)
	}
	return listed(row)
}

func listed(row dbsqlc.TokenstateApiKey) (out apikey.Listed, err error) {
	out.Record, err = record(row)
	out.LastUsed, out.Blocked = secondsOf(row.LastUsedAt), row.Blocked
	if row.LastFour != nil {
		out.LastFour = *row.LastFour
	}
	if row.Replaces != nil {
		out.Replaces = *row.Replaces
	}
	if row.MadeBy != nil {
		out.MadeBy = *row.MadeBy
	}
	return out, err
}

func list(s []string) []string {
	if s == nil {
		return []string{} // NULL would match nothing
	}
	return s
}

func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}
