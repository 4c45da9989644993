package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Role says what a visitor may see and do. The greater includes the smaller.
type Role int

// The roles, as the client tokenstate-console in Keycloak has them. Nobody is who has none.
const (
	Nobody Role = iota
	Viewer
	Support
	Operator
)

var roleNames = map[string]Role{"viewer": Viewer, "support": Support, "operator": Operator}

// RoleOf is the greatest of the names.
func RoleOf(names []string) (r Role) {
	for _, n := range names {
		r = max(r, roleNames[n])
	}
	return r
}

// realmRole begins the names of roles that limit somebody to a realm.
const realmRole = "realm:"

// RealmsOf are the realms that the names limit somebody to; none: they may see all.
func RealmsOf(names []string) (realms []string) {
	for _, n := range names {
		if realm, ok := strings.CutPrefix(n, realmRole); ok {
			realms = append(realms, realm)
		}
	}
	slices.Sort(realms)
	return realms
}

func (r Role) String() string {
	for name, is := range roleNames {
		if is == r {
			return name
		}
	}
	return "nobody"
}

// Visitor is who looks at a page.
type Visitor struct {
	Name   string // for people, and for the audit
	Role   Role
	Person bool     // false: a credential, or nobody was asked
	Realms []string // that they may see; none: all
	// Realm and Subject are who it is in Keycloak, so that tokenstate's own knowledge of them counts.
	Realm, Subject string
	Session        string // of the identity provider; "" if it named none
}

// Sees reports whether a realm's users and keys are shown to them.
func (v Visitor) Sees(realm string) bool {
	return len(v.Realms) == 0 || slices.Contains(v.Realms, realm)
}

// limited is the realm that a list for them is of: the one asked for, or the first that they may see.
func (v Visitor) limited(realm string) string {
	if v.Sees(realm) {
		return realm
	}
	return v.Realms[0]
}

// whole refuses whoever is limited to realms, for what tells of all of them.
func (v Visitor) whole(what string) error {
	if len(v.Realms) > 0 {
		text := what + " may be of any realm, and yours are " + strings.Join(v.Realms, ", ") + "."
		return &fault{http.StatusForbidden, "Your roles are limited to realms", text}
	}
	return nil
}

func (v Visitor) seeRealm(realm string) error {
	if v.Sees(realm) {
		return nil
	}
	return &fault{http.StatusForbidden, "Your roles do not include this realm", "They are limited to " + strings.Join(v.Realms, ", ") + "."}
}

// ErrOut says that an identity may not be in any more.
var ErrOut = errors.New("the login does not hold any more")

// Identity is somebody who has logged in, and can be asked about again.
type Identity interface {
	// Still says who it is now; ErrOut if they may not be in any more. Another error says that it
	// cannot be asked now.
	Still(context.Context) (Visitor, error)
}

// Leaver is an Identity whose login lives elsewhere, and can be ended there.
type Leaver interface{ Leave(context.Context) error }
