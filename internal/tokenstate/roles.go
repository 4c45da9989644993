package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// Keycloak refuses to refresh for a user without the role offline_access. A user store may give that role (LDAP's role and
// group mappers) without a row in Keycloak's database, and asking the store is what a look must not do. So a user of a
// store whose rows lack the role has it or has not: their tokens are in doubt, and the next refresh decides. The tempting
// way is to believe that the store gives it, which calls tokens usable that Keycloak refuses.

// learnStoresRoles keeps, apart from what closes a user, whether the rows of a store's user lack the role.
func (f Facts) learnStoresRoles(realm string, u *events.UserLook, node string, at Millis, cause string) {
	if u.Store != "" && !u.Gone {
		f.stand(byRoles.Of(Scope{Realm: realm, User: u.User}), node, Standing{At: at, Disabled: !u.OfflineAccess, Cause: cause})
	}
}

// rolesUnseen reports whether only the user's store could give them the role.
func (f *opened) rolesUnseen(user Scope, r Rules) bool {
	user = byRoles.Of(user)
	_, so := closedLook(f.said(Subject{user, Keycloak}), r, bearer{}, disabled)
	return so
}
