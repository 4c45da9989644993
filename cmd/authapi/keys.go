package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/keys"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// keyStore joins the keys' rows to keys.SystemKeys.
type keyStore struct{ *postgres.Store }

func nameOf(k keys.SystemKey) postgres.Name {
	return postgres.Name{Realm: k.Realm, User: k.User, Org: k.Org, Key: apikey.SystemPrefix + k.Name}
}

func (s keyStore) Mint(ctx context.Context, k keys.SystemKey, decide func(*apikey.Record, apikey.Owned) (uint64, error), build func(uint64, events.Seconds) apikey.Record) (apikey.Record, int64, error) {
	rec, version, err := s.Store.Mint(ctx, nameOf(k), decide, build)
	if errors.Is(err, postgres.ErrBlocked) {
		err = keys.ErrBlocked
	}
	return rec, version, err //nolint:wrapcheck // joins only
}

func (s keyStore) Revoke(ctx context.Context, k keys.SystemKey, block bool, order func(string) events.Message) (bool, int64, error) {
	return s.Store.Revoke(ctx, nameOf(k), block, order) //nolint:wrapcheck // joins only
}

// stories joins the journal to admin.Stories.
type stories struct{ pool *pgxpool.Pool }

func (s stories) Explain(ctx context.Context, realm, name string) (timeline.Story, error) {
	return pgsource.Explain(ctx, s.pool, realm, name) //nolint:wrapcheck // joins only
}
