package mapmodel

import (
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// A user store is a directory behind Keycloak, such as LDAP. The row of one of its users may vanish
// because the directory was mistyped for ten seconds, so nothing that is learnt of such a user from
// looks is final: only an administrator's deletion is, and the account's own. What Keycloak answers to
// a refresh may also depend on the directory at that moment, which no harmless look asks.
//
// Two facts about users are sightings of seats that no roster has: which store a user was ever seen to
// come from (the store stands where others have the node), and up to when a user had vanished.
const (
	fromStore tokenstate.Matter = "store"
	vanished  tokenstate.Matter = "vanished"
)

// storedID begins the id of a user whom only a store knows: f:<component>:<the store's own id>.
const storedID = "f:"

// StoreOf is a user store that the user is known to come from; "" for one of the realm itself, or of
// whom nobody has told.
func (f Facts) StoreOf(realm, user string) (store string) {
	if rest, ok := strings.CutPrefix(user, storedID); ok {
		store, _, _ = strings.Cut(rest, ":")
		return store
	}
	for s := range f.Sightings[SightingKey{Seat: fromStore.Of(Scope{Realm: realm, User: user})}] {
		store = max(store, s)
	}
	return store
}

// vanishedBy is the second up to which keys of the user are dead although the same id lives again: it
// was imported anew, and is nobody's heir. A node's own look says so, and a look over the admin API
// beside a deletion that was told: alone it may have asked another Keycloak.
func (f Facts) vanishedBy(user Scope) (upto Seconds, cause string) {
	if f.StoreOf(user.Realm, user.User) != "" {
		return 0, ""
	}
	for node, g := range f.Sightings[SightingKey{Seat: vanished.Of(Scope{Realm: user.Realm, User: user.User}), Gone: true}] {
		if _, pardoned := f.Pardons[g.Cause]; pardoned || nobody(node) && !f.deleted(user) {
			continue
		}
		if g.Second > upto || g.Second == upto && g.Cause < cause {
			upto, cause = g.Second, g.Cause
		}
	}
	return upto, cause
}

func (f Facts) deleted(user Scope) bool {
	for cause, c := range f.Cutoffs[user] {
		if _, pardoned := f.Pardons[cause]; !pardoned && c.Reason == tokenstate.ReasonUserDeleted {
			return true
		}
	}
	return false
}
