package console

import (
	"context"
	"errors"
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
	Person bool // false: a credential, or nobody was asked
	// Realm and Subject are who it is in Keycloak, so that tokenstate's own knowledge of them counts.
	Realm, Subject string
}

// ErrOut says that an identity may not be in any more.
var ErrOut = errors.New("the login does not hold any more")

// Identity is somebody who has logged in, and can be asked about again.
type Identity interface {
	// Still says who it is now; ErrOut if they may not be in any more. Another error says that it
	// cannot be asked now.
	Still(context.Context) (Visitor, error)
}
