package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Owned is what is committed about an owner of keys, and the database's time.
type Owned struct {
	Now   tokenstate.Millis
	Facts tokenstate.Facts // of the owner and the realm, as far as they concern keys
	Rules tokenstate.Rules
}

// Owner reads what decides about a user's keys within the transaction that makes one of them. What a
// replica remembers may lag behind, and a key that is made by it would give access back that another
// replica has just taken away. Until the transaction ends nobody else makes keys of this user or orders
// something about him. Ask for it before any other lock is taken.
func Owner(ctx context.Context, tx pgx.Tx, realm, user string) (o Owned, err error) {
	if err := LockOwner(ctx, tx, realm, user); err != nil {
		return o, err
	}
	ms, err := q.NowMillis(ctx, tx)
	if err != nil {
		return o, fmt.Errorf("read the database's time: %w", err)
	}
	o.Now = tokenstate.Millis(ms)
	if o.Rules, err = rules(ctx, tx); err != nil {
		return o, err
	}
	o.Facts, err = ownerFacts(ctx, tx, realm, []string{user})
	return o, err
}

// OwnersNow is Owner for who only tells of some owners: it locks nothing.
func (s *Store) OwnersNow(ctx context.Context, realm string, users ...string) (o Owned, err error) {
	if o.Now, err = s.Now(ctx); err != nil {
		return o, err
	}
	if o.Rules, err = rules(ctx, s.pool); err != nil {
		return o, err
	}
	o.Facts, err = ownerFacts(ctx, s.pool, realm, users)
	return o, err
}

// LockOwner is Owner's lock.
func LockOwner(ctx context.Context, tx pgx.Tx, realm, user string) error {
	if err := q.LockOwner(ctx, tx, dbsqlc.LockOwnerParams{Realm: realm, UserID: user}); err != nil {
		return fmt.Errorf("wait for others who write about the user: %w", err)
	}
	return nil
}

func ownerFacts(ctx context.Context, tx dbsqlc.DBTX, realm string, users []string) (tokenstate.Facts, error) {
	var rows []tokenstate.Row
	users = append([]string{""}, users...) // and the realm
	standings, err := q.OwnerStandings(ctx, tx, dbsqlc.OwnerStandingsParams{Realm: realm, Users: users})
	if err != nil {
		return tokenstate.Facts{}, fmt.Errorf("read the owner's standing: %w", err)
	}
	rows = append(rows, asRows(standings, rowStanding)...)
	sightings, err := q.OwnerSightings(ctx, tx, dbsqlc.OwnerSightingsParams{Realm: realm, Users: users})
	if err != nil {
		return tokenstate.Facts{}, fmt.Errorf("read how the owner was seen: %w", err)
	}
	rows = append(rows, asRows(sightings, rowSighting)...)
	cutoffs, err := q.OwnerCutoffs(ctx, tx, dbsqlc.OwnerCutoffsParams{Realm: realm, Users: users})
	if err != nil {
		return tokenstate.Facts{}, fmt.Errorf("read the owner's cutoffs: %w", err)
	}
	rows = append(rows, asRows(cutoffs, rowCutoff)...)
	pardons, err := q.PardonsOf(ctx, tx, causesOf(rows))
	if err != nil {
		return tokenstate.Facts{}, fmt.Errorf("read pardons: %w", err)
	}
	return tokenstate.FactsOf(append(rows, asRows(pardons, rowPardon)...)), nil
}

// causesOf are the causes that a pardon could take back.
func causesOf(rows []tokenstate.Row) []string {
	causes := []string{}
	for _, r := range rows {
		switch r := r.(type) {
		case tokenstate.CutoffRow:
			causes = append(causes, r.Cause)
		case tokenstate.SightingRow:
			causes = append(causes, r.Value.Cause)
		}
	}
	return causes
}
