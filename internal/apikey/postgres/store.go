// Package postgres keeps API keys' digests, and service credentials', in Postgres. Whatever is
// done here is effective at its commit and announced on the feed in the same transaction.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

var q = dbsqlc.New()

// Kinds of the feed that this package writes.
const (
	KindKey        = "key"         // its key is the id
	KindServiceKey = "service_key" // its key is the name
)

// ErrBlocked says that the key was revoked so that no other takes its name.
var ErrBlocked = errors.New("the key's name is blocked")

// Store is the keys in one database.
type Store struct{ pool *pgxpool.Pool }

// New uses pool; it does not close it.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Name of a system key, without generation. Key has apikey.SystemPrefix.
type Name struct{ Realm, User, Org, Key string }

// lock is what the name is locked by. Two names of one lock would only wait for each other.
func (n Name) lock() string { return fmt.Sprintf("%q %q %q %q", n.Realm, n.User, n.Org, n.Key) }

func (n Name) params() dbsqlc.NewestSystemKeyParams {
	return dbsqlc.NewestSystemKeyParams{Realm: n.Realm, UserID: n.User, OrgID: n.Org, Name: n.Key}
}

// Mint is the atomic get-or-create of a system key: decide says which generation must exist,
// given the newest one, nil if there is none; build makes its record. The lock is by name,
// since there may be no row yet to lock.
func (s *Store) Mint(ctx context.Context, n Name, decide func(*apikey.Record, apikey.Owned) (uint64, error),
	build func(uint64, events.Seconds) apikey.Issue,
) (rec apikey.Record, version int64, err error) {
	version, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		owner, err := ownerOf(ctx, tx, n.Realm, n.User)
		if err != nil {
			return nil, err
		}
		if err := q.LockSystemKey(ctx, tx, n.lock()); err != nil {
			return nil, err
		}
		newest, err := newestOf(ctx, tx, n)
		if err != nil {
			return nil, err
		}
		generation, err := decide(newest, owner)
		if err != nil {
			return nil, err
		}
		if newest != nil && newest.Generation >= generation {
			rec = *newest
			return nil, nil
		}
		made := build(generation, owner.At)
		rec = made.Record
		return add(ctx, tx, made)
	})
	if err != nil {
		return apikey.Record{}, 0, fmt.Errorf("mint key: %w", err)
	}
	return rec, version, nil
}

// ownerOf is state.Owner, and what it means.
func ownerOf(ctx context.Context, tx pgx.Tx, realm, user string) (apikey.Owned, error) {
	o, err := state.Owner(ctx, tx, realm, user)
	if err != nil {
		return apikey.Owned{}, err
	}
	return apikey.Owned{At: o.Now.Second(), Owner: tokenstate.Owner(realm, user, o.Facts, o.Rules), Facts: o.Facts}, nil
}

func newestOf(ctx context.Context, tx pgx.Tx, n Name) (*apikey.Record, error) {
	row, err := q.NewestSystemKey(ctx, tx, n.params())
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil // none is what decide is told
	case err != nil:
		return nil, err
	case row.Blocked:
		return nil, ErrBlocked
	}
	rec, err := record(row)
	return &rec, err
}

func add(ctx context.Context, tx pgx.Tx, k apikey.Issue) ([]state.Name, error) {
	err := q.AddKey(ctx, tx, dbsqlc.AddKeyParams{
		ID: k.ID, Realm: k.Realm, UserID: k.User, OrgID: textOrNull(k.Org), Name: k.Name, Kind: string(k.Kind),
		Digest: k.Digest[:], PepperID: k.PepperID, Generation: int64(k.Generation), Scopes: string(k.Scopes),
		CreatedAt: k.Created.Time(), ExpiresAt: timeOrNull(k.Expires), NotBefore: timeOrNull(k.NotBefore),
		LastFour: textOrNull(k.LastFour), Replaces: textOrNull(k.Replaces), MadeBy: textOrNull(k.MadeBy),
	})
	return []state.Name{{Kind: KindKey, Key: k.ID}}, err
}

// Revoke ends the newest generation of a system key, and every imported key of its name; with block
// nobody can mint it again. It writes the orders that order makes of the keys' ids.
func (s *Store) Revoke(ctx context.Context, n Name, block bool,
	order func(keyID string) events.Message,
) (found bool, version int64, err error) {
	version, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		if err := state.LockOwner(ctx, tx, n.Realm, n.User); err != nil { // first, as in Mint
			return nil, err
		}
		if err := q.LockSystemKey(ctx, tx, n.lock()); err != nil {
			return nil, err
		}
		ids, err := q.LegacyNamed(ctx, tx, dbsqlc.LegacyNamedParams{Realm: n.Realm, UserID: n.User, OrgID: n.Org, Name: n.Key, Block: block})
		if err != nil {
			return nil, err
		}
		row, err := q.NewestSystemKey(ctx, tx, n.params())
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		if err == nil && (row.RevokedAt == nil || block && !row.Blocked) {
			ids = append(ids, row.ID)
		}
		found = len(ids) > 0
		return revokeAll(ctx, tx, ids, order, block)
	})
	if err != nil {
		return false, 0, fmt.Errorf("revoke key: %w", err)
	}
	return found, version, nil
}

func revokeAll(ctx context.Context, tx pgx.Tx, ids []string, order func(keyID string) events.Message,
	block bool,
) (all []state.Name, err error) {
	for _, id := range ids {
		changes, err := revoke(ctx, tx, order(id), block)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

// revoke marks the row and makes the order: the copy in the log brings the revocation back
// after a restore. The caller announces the changes.
func revoke(ctx context.Context, tx pgx.Tx, m events.Message, block bool) ([]state.Name, error) {
	o, ok := m.Body.(*events.Order)
	if !ok {
		return nil, state.ErrNotAnOrder
	}
	if err := state.LockOwner(ctx, tx, m.Realm, o.User); err != nil { // before the key's row, as everywhere
		return nil, err
	}
	at := m.At.Time()
	row, err := q.RevokeKey(ctx, tx, dbsqlc.RevokeKeyParams{ID: o.Key, RevokedAt: &at, RevokedBy: &m.ID, Blocked: block})
	if err != nil {
		return nil, err
	}
	changes, err := state.PutOrder(ctx, tx, m)
	return append(changes, nameOf(row)), err
}

func nameOf(row dbsqlc.TokenstateApiKey) state.Name { return state.Name{Kind: KindKey, Key: row.ID} }

// Find reads one key, for a reader that may not have seen it yet.
func (s *Store) Find(ctx context.Context, id string) (apikey.Record, bool, error) {
	row, err := q.FindKey(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return apikey.Record{}, false, nil
	}
	if err != nil {
		return apikey.Record{}, false, fmt.Errorf("find key: %w", err)
	}
	rec, err := record(row)
	return rec, err == nil, err
}

// FindLegacy reads keys in another format than ours by their digests.
func (s *Store) FindLegacy(ctx context.Context, digests []apikey.Sum) ([]apikey.Record, error) {
	raw := make([][]byte, len(digests))
	for i := range digests {
		raw[i] = digests[i][:]
	}
	rows, err := q.FindLegacyKeys(ctx, s.pool, raw)
	if err != nil {
		return nil, fmt.Errorf("find keys by digest: %w", err)
	}
	out := make([]apikey.Record, len(rows))
	for i, row := range rows {
		if out[i], err = record(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNull(s events.Seconds) *time.Time {
	if s == 0 {
		return nil
	}
	t := s.Time()
	return &t
}
