package pgsource

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Around reads some users' keys, and what decides about them and about the users' tokens.
func Around(ctx context.Context, pool *pgxpool.Pool, realm string, users ...string) (around state.Around, held []apikey.Record, err error) {
	if around, err = state.New(pool).AroundUsers(ctx, realm, users...); err != nil {
		return around, nil, err
	}
	for _, user := range users {
		some, err := keysOf(ctx, keys.New(pool), realm, user)
		if err != nil {
			return around, nil, err
		}
		held = append(held, some...)
	}
	return around, held, nil
}

func keysOf(ctx context.Context, store *keys.Store, realm, user string) (held []apikey.Record, err error) {
	page := keys.ListFilter{Realm: realm, User: user, Most: maxKeys}
	for {
		listed, err := store.ListedKeys(ctx, page)
		for _, k := range listed {
			held, page.After = append(held, k.Record), k.ID
		}
		if err != nil || len(listed) < maxKeys {
			return held, err
		}
	}
}
