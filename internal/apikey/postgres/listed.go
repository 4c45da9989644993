package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
)

// ListFilter selects keys as people may see them. What is zero selects nothing out.
type ListFilter struct {
	Realm, User  string
	Kind         apikey.Kind
	Live         bool      // neither revoked nor expired
	UnusedBefore time.Time // last used before then, or made before then and never used
	EndsBefore   time.Time
	After        string // id of the last key of the page before
	Most         int
}

// ListedKeys reads keys by id, without their digests.
func (s *Store) ListedKeys(ctx context.Context, f ListFilter) ([]apikey.Listed, error) {
	rows, err := q.ListedKeys(ctx, s.pool, dbsqlc.ListedKeysParams{
		AfterID: f.After, Realm: f.Realm, UserID: f.User, Kind: string(f.Kind), Live: f.Live,
		UnusedBefore: instantOrNull(f.UnusedBefore), EndsBefore: instantOrNull(f.EndsBefore), Most: int32(f.Most),
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	out := make([]apikey.Listed, len(rows))
	for i, r := range rows {
		out[i] = listedOf(r)
	}
	return out, nil
}

// ListedKey is one key, without its digest.
func (s *Store) ListedKey(ctx context.Context, id string) (k apikey.Listed, found bool, err error) {
	r, err := q.ListedKey(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return k, false, nil
	}
	if err != nil {
		return k, false, fmt.Errorf("find a key: %w", err)
	}
	return listedOf(r), true, nil
}

func listedOf(r dbsqlc.TokenstateApiKeyListed) apikey.Listed {
	return apikey.Listed{
		LastUsed: secondsOf(r.LastUsedAt), Blocked: r.Blocked,
		Issue: apikey.Issue{LastFour: textOf(r.LastFour), Replaces: textOf(r.Replaces), MadeBy: textOf(r.MadeBy), Record: apikey.Record{
			ID: r.ID, Realm: r.Realm, User: r.UserID, Org: textOf(r.OrgID), Name: r.Name, Kind: apikey.Kind(r.Kind),
			Generation: uint64(r.Generation), Scopes: apikey.Scopes(r.Scopes), Created: events.Seconds(r.CreatedAt.Unix()),
			Expires: secondsOf(r.ExpiresAt), NotBefore: secondsOf(r.NotBefore), RevokedAt: secondsOf(r.RevokedAt), RevokedBy: textOf(r.RevokedBy),
		}},
	}
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func instantOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// ActFilter selects acts. What is empty selects nothing out.
type ActFilter struct {
	Actor, Action, Target string
	Before                int64 // number of the last act of the page before
	Most                  int
}

// Numbered is an act with its place in the chain.
type Numbered struct {
	N int64
	Act
}

// LatestActs reads acts, the latest first. It does not check the chain: EachAct does.
func (s *Store) LatestActs(ctx context.Context, f ActFilter) ([]Numbered, error) {
	rows, err := q.ActsBefore(ctx, s.pool,
		dbsqlc.ActsBeforeParams{Before: f.Before, Actor: f.Actor, Action: f.Action, Target: f.Target, Most: int32(f.Most)})
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	out := make([]Numbered, len(rows))
	for i, r := range rows {
		out[i] = Numbered{r.N, Act{time.UnixMilli(r.AtMs), r.Realm, r.Actor, r.Action, r.Target, int(r.Status), r.Times, r.Request}}
	}
	return out, nil
}
