package postgres

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Readings are of keys, an apikey.Record each; credentials, a ServiceKey; and memberships, an apikey.Member.
func Readings() []state.Reading {
	return []state.Reading{
		{Kind: KindKey, Ask: asking(dbsqlc.NamedKeys), Take: takeKeys},
		{Kind: KindServiceKey, Ends: true, Ask: asking(dbsqlc.NamedServiceKeys), Take: takeServiceKeys},
		{Kind: KindMember, Ends: true, Ask: state.ByKey(dbsqlc.NamedMembers, 3), Take: takeMembers},
	}
}

// Unread are Readings for who may see none of them.
func Unread() []state.Reading {
	return []state.Reading{{Kind: KindKey}, {Kind: KindServiceKey}, {Kind: KindMember}}
}

func asking(sql string) func([]string) (state.Question, error) {
	return func(keys []string) (state.Question, error) { return state.Question{SQL: sql, Args: []any{keys}}, nil }
}

func takeKeys(ctx context.Context, db dbsqlc.DBTX) (cs []state.Change, err error) {
	rows, err := q.NamedKeys(ctx, db, nil)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for _, row := range rows {
		rec, err := record(row)
		if err != nil {
			return nil, err
		}
		cs = append(cs, state.Change{Name: nameOf(row), Value: rec})
	}
	return cs, nil
}

func takeServiceKeys(ctx context.Context, db dbsqlc.DBTX) (cs []state.Change, err error) {
	rows, err := q.NamedServiceKeys(ctx, db, nil)
	if err != nil {
		return nil, fmt.Errorf("read service credentials: %w", err)
	}
	for _, row := range rows {
		k, err := serviceKey(row)
		if err != nil {
			return nil, err
		}
		cs = append(cs, state.Change{Name: state.Name{Kind: KindServiceKey, Key: k.Name}, Value: k})
	}
	return cs, nil
}

func takeMembers(ctx context.Context, db dbsqlc.DBTX) (cs []state.Change, err error) {
	rows, err := q.NamedMembers(ctx, db, dbsqlc.NamedMembersParams{})
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	for _, r := range rows {
		m := apikey.Member{Realm: r.Realm, Org: r.OrgID, User: r.UserID}
		cs = append(cs, state.Change{Name: state.Name{Kind: KindMember, Key: memberKey(m)}, Value: m})
	}
	return cs, nil
}
