package adapters

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/keys"
	"github.com/tokenstate/tokenstate/internal/events"
)

// SystemKeys joins the keys' rows to keys.SystemKeys.
type SystemKeys struct{ *postgres.Store }

func nameOf(k keys.SystemKey) postgres.Name {
	return postgres.Name{Realm: k.Realm, User: k.User, Org: k.Org, Key: apikey.SystemPrefix + k.Name}
}

// Mint implements keys.SystemKeys.
func (s SystemKeys) Mint(ctx context.Context, k keys.SystemKey,
	decide func(*apikey.Record, apikey.Owned) (uint64, error), build func(uint64, events.Seconds) apikey.Issue,
) (apikey.Record, int64, error) {
	rec, version, err := s.Store.Mint(ctx, nameOf(k), decide, build)
	if errors.Is(err, postgres.ErrBlocked) {
		err = keys.ErrBlocked
	}
	return rec, version, err
}

// Revoke implements keys.SystemKeys.
func (s SystemKeys) Revoke(ctx context.Context, k keys.SystemKey, block bool, order func(string) events.Message) (bool, int64, error) {
	return s.Store.Revoke(ctx, nameOf(k), block, order)
}
