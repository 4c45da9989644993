package keys

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// SystemKeys keeps system keys' digests.
type SystemKeys interface {
	// Mint is the atomic get-or-create of a system key. decide names the generation that must
	// exist, given the newest one (nil if none); build makes it.
	Mint(ctx context.Context, k SystemKey, decide func(*apikey.Record, apikey.Owned) (uint64, error),
		build func(generation uint64, at tokenstate.Seconds) apikey.Issue) (apikey.Record, int64, error)
	// Revoke ends the newest generation; with block no other can be minted. It writes the
	// order that revoke makes of the key's id, effective at the commit.
	Revoke(ctx context.Context, k SystemKey, block bool, order func(keyID string) events.Message) (found bool, version int64, err error)
}

// SystemKey names a system key. Name has no prefix.
type SystemKey struct{ Realm, User, Org, Name string }

// UserKeys keeps the keys that users have by name. Its errors are package apikey's.
type UserKeys interface {
	// Create stores what build makes. It and Rotate answer a repeated once with what it came to before.
	Create(ctx context.Context, realm, user string, build func(apikey.Owned) (apikey.Issue, error), once *apikey.Once) (apikey.Issued, error)
	// Rotate replaces a key by what next makes of it. An old one that ends at once does so by an order.
	Rotate(ctx context.Context, ref apikey.Ref, once *apikey.Once,
		next func(old apikey.Record, owner apikey.Owned) (apikey.Successor, error),
		order func(keyID string) events.Message) (apikey.Issued, error)
	// RevokeOne ends a key and the older secrets that were rotated into it.
	RevokeOne(ctx context.Context, ref apikey.Ref, order func(keyID string) events.Message) (rec apikey.Record, version int64, err error)
	List(ctx context.Context, ref apikey.Ref, system bool, cursor string, most int) ([]apikey.Listed, error)
}

// Members keeps who belongs to which organization. Version 0: nothing changed.
type Members interface {
	PutMember(ctx context.Context, m apikey.Member) (version int64, err error)
	DeleteMember(ctx context.Context, m apikey.Member) (version int64, err error)
}
