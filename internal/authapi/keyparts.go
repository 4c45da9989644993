package authapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// KeyParts are what users' own keys, memberships, limits and the audit need.
type KeyParts struct {
	UserKeys     UserKeys
	Members      Members
	CheckMembers bool          // a key with an organization needs its owner's membership
	OldMasters   []secret.Text // that system keys may still be derived from
	Uses         *Uses         // nil: nobody hears of a use
	Trail        *Trail        // nil: nothing is audited
	Limits       *Limits       // nil: none
}

// UserKeys keeps the keys that users have by name. Its errors are package apikey's.
type UserKeys interface {
	// Create stores what build makes. It and Rotate answer a repeated once with what it came to before.
	Create(ctx context.Context, realm, user string, build func(apikey.Owned) (apikey.Issue, error), once *apikey.Once) (apikey.Issued, error)
	// Rotate replaces a key by what next makes of it. An old one that ends at once does so by an order.
	Rotate(ctx context.Context, ref apikey.Ref, once *apikey.Once, next func(old apikey.Record, owner apikey.Owned) (apikey.Successor, error), order func(keyID string) events.Message) (apikey.Issued, error)
	// RevokeOne ends a key and the older secrets that were rotated into it.
	RevokeOne(ctx context.Context, ref apikey.Ref, order func(keyID string) events.Message) (rec apikey.Record, version int64, err error)
	List(ctx context.Context, ref apikey.Ref, system bool, cursor string, most int) ([]apikey.Listed, error)
}

// Members keeps who belongs to which organization. Version 0: nothing changed.
type Members interface {
	PutMember(ctx context.Context, m apikey.Member) (version int64, err error)
	DeleteMember(ctx context.Context, m apikey.Member) (version int64, err error)
}

func (s *Server) keyRoutes(api huma.API) {
	s.userKeys(api)
	s.members(api)
	s.introspection(api)
}
