package tokenstate

import (
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// providerDoubts are what Keycloak's own events put in question. They come beside no admin event,
// so each raises what the admin event of the same change would.
func providerDoubts(realm string, h *events.Happened) []Doubt {
	self := Doubt{Scope: Scope{Realm: realm}}
	beneath := Doubt{Scope: Scope{Realm: realm}, Beneath: true}
	switch h.Type {
	case events.UserRemoved, events.UserPreRemoved, events.UserRolesChanged, events.WorkflowStep:
		return known(Doubt{Scope: Scope{Realm: realm, User: h.User}})
	case events.ClientRemoved:
		return clientDeleted(realm, h.Client)
	case events.RolesChanged:
		return []Doubt{self, beneath, clientsDoubt(realm)}
	case events.ManyEvents:
		return []Doubt{self, beneath, listingDoubt(Scope{Realm: realm}), clientsDoubt(realm)}
	}
	return nil
}

// removedForGood: a user whom Keycloak alone knew is gone for good. One of a user store may only
// have been missed there for a moment, and is known again when the store is: that is a doubt,
// which the look settles.
func removedForGood(h *events.Happened) bool {
	return h.Kind == events.KindProvider && h.Type == events.UserRemoved &&
		h.User != "" && h.Details[events.StoreDetail] == "" && !strings.HasPrefix(h.User, "f:")
}
