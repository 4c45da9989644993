package pgsource

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Around reads one user's keys, and what decides about them and about the user's tokens.
func Around(ctx context.Context, pool *pgxpool.Pool, realm, user string) (around state.Around, held []apikey.Record, err error) {
	if around, err = state.New(pool).AroundUser(ctx, realm, user); err != nil {
		return around, nil, err
	}
	page := keys.ListFilter{Realm: realm, User: user, Most: maxKeys}
	for {
		listed, err := keys.New(pool).ListedKeys(ctx, page)
		for _, k := range listed {
			held, page.After = append(held, k.Record), k.ID
		}
		if err != nil || len(listed) < maxKeys {
			return around, held, err
		}
	}
}
