package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Imported is a key of another system; its kind is legacy. LastUsed 0: never.
type Imported struct {
	apikey.Record
	LastUsed events.Seconds
}

// ImportPage is what one transaction takes over. Position is where the import stands after it.
// Dry: nothing is kept.
type ImportPage struct {
	Source, Position string
	Dry              bool
	Keys             []Imported
}

// ImportOutcome counts; Refused are ids of keys whose value another key has.
type ImportOutcome struct {
	Added, Changed int
	Refused        []string
}

// Import adds keys of another system, or corrects what is stored under their ids. A revocation
// made here stays. Unchanged rows are not written, so that an import may be repeated.
func (s *Store) Import(ctx context.Context, p ImportPage) (out ImportOutcome, err error) {
	_, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		rows, err := importKeys(ctx, tx, p.Keys, &out)
		if err != nil {
			return nil, err
		}
		if p.Dry {
			return nil, state.ErrDryRun
		}
		changed := make([]state.Name, len(rows))
		for i, row := range rows {
			changed[i] = nameOf(row)
		}
		return changed, state.MoveImport(ctx, tx, p.Source, p.Position)
	})
	if err != nil && !errors.Is(err, state.ErrDryRun) {
		return ImportOutcome{}, fmt.Errorf("import keys: %w", err)
	}
	return out, nil
}

func importKeys(ctx context.Context, tx pgx.Tx, keys []Imported, out *ImportOutcome) ([]dbsqlc.TokenstateApiKey, error) {
	all := columns(keys, nil)
	refused, err := q.HeldByOthers(ctx, tx, dbsqlc.HeldByOthersParams{Ids: all.Ids, Digests: all.Digests})
	if err != nil {
		return nil, err
	}
	if out.Refused = refused; len(refused) > 0 {
		all = columns(keys, refused)
	}
	known, err := q.KnownKeys(ctx, tx, all.Ids)
	if err != nil {
		return nil, err
	}
	rows, err := q.ImportKeys(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	out.Added = len(all.Ids) - len(known)
	out.Changed = len(rows) - out.Added
	return rows, nil
}

func columns(keys []Imported, without []string) (p dbsqlc.ImportKeysParams) {
	skip := make(map[string]bool, len(without))
	for _, id := range without {
		skip[id] = true
	}
	for _, k := range keys {
		if skip[k.ID] {
			continue
		}
		p.Ids, p.Realms, p.UserIds = append(p.Ids, k.ID), append(p.Realms, k.Realm), append(p.UserIds, k.User)
		p.OrgIds, p.Names = append(p.OrgIds, k.Org), append(p.Names, k.Name)
		p.Digests, p.PepperIds = append(p.Digests, k.Digest[:]), append(p.PepperIds, k.PepperID)
		p.CreatedSs, p.ExpiresSs = append(p.CreatedSs, int64(k.Created)), append(p.ExpiresSs, int64(k.Expires))
		p.NotBeforeSs, p.LastUsedSs = append(p.NotBeforeSs, int64(k.NotBefore)), append(p.LastUsedSs, int64(k.LastUsed))
	}
	return p
}

// Owned is a key, its owner and its digest.
type Owned struct {
	ID, User, PepperID string
	Digest             apikey.Sum
}

// Living are the imported keys whose ids have a prefix and that are not revoked.
func (s *Store) Living(ctx context.Context, prefix string) ([]Owned, error) {
	rows, err := q.LivingKeys(ctx, s.pool, prefix)
	if err != nil {
		return nil, fmt.Errorf("read imported keys: %w", err)
	}
	all := make([]Owned, len(rows))
	for i, row := range rows {
		all[i] = Owned{ID: row.ID, User: row.UserID, PepperID: row.PepperID}
		copy(all[i].Digest[:], row.Digest)
	}
	return all, nil
}

// RevokeIDs ends keys, each by the order that order makes of its id.
func (s *Store) RevokeIDs(ctx context.Context, ids []string, order func(keyID string) events.Message) error {
	_, err := state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) { return revokeAll(ctx, tx, ids, order, false) })
	if err != nil {
		return fmt.Errorf("revoke keys: %w", err)
	}
	return nil
}
