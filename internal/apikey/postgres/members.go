package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// KindMember is a membership on the feed. Its key is the JSON of [realm, org, user].
const KindMember = "org_member"

// PutMember makes a user a member; version 0: they were one.
func (s *Store) PutMember(ctx context.Context, m apikey.Member) (version int64, err error) {
	return s.member(ctx, m, func(tx pgx.Tx) (int64, error) {
		return q.PutMember(ctx, tx, dbsqlc.PutMemberParams{Realm: m.Realm, OrgID: m.Org, UserID: m.User})
	})
}

// DeleteMember ends a membership; version 0: there was none.
func (s *Store) DeleteMember(ctx context.Context, m apikey.Member) (version int64, err error) {
	return s.member(ctx, m, func(tx pgx.Tx) (int64, error) {
		return q.DeleteMember(ctx, tx, dbsqlc.DeleteMemberParams{Realm: m.Realm, OrgID: m.Org, UserID: m.User})
	})
}

func (s *Store) member(ctx context.Context, m apikey.Member, write func(pgx.Tx) (int64, error)) (version int64, err error) {
	version, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		n, err := write(tx)
		if n == 0 {
			return nil, err
		}
		return []state.Name{{Kind: KindMember, Key: memberKey(m)}}, err
	})
	if err != nil {
		return 0, fmt.Errorf("write member: %w", err)
	}
	return version, nil
}

func memberKey(m apikey.Member) string {
	b, _ := json.Marshal([]string{m.Realm, m.Org, m.User}) // strings cannot fail
	return string(b)
}

// EachMember shows all memberships, within a snapshot's transaction.
func EachMember(ctx context.Context, r *state.Reader, take func(apikey.Member)) error {
	var m apikey.Member
	return r.Each(ctx, "org_member", []state.Column{
		{Name: "realm", To: &m.Realm}, {Name: "org_id", To: &m.Org}, {Name: "user_id", To: &m.User},
	}, func() error { take(m); return nil })
}
