package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// UserSighting is what a page of a listing told of one user. It is stored as a Sighting of the seat that is the user
// alone: what OfUser reads and stored writes is that form, and nobody else need know it.
type UserSighting struct {
	At        Millis
	Disabled  bool
	NotBefore Seconds
	Roles     PageRoles
}

// PageRoles is what a page told of a user's roles.
type PageRoles Seconds

// The three things that it may tell: pages of the jar's resource show roles, those of the admin API do not.
const (
	RolesUnsaid PageRoles = iota
	RolesAllow
	RolesForbid
)

// shownBy is what a page's row says.
func shownBy(u events.UserSeen, at Millis) UserSighting {
	s := UserSighting{At: at, Disabled: !u.Enabled, NotBefore: u.NotBefore}
	switch {
	case u.OfflineAccess == nil:
	case *u.OfflineAccess:
		s.Roles = RolesAllow
	default:
		s.Roles = RolesForbid
	}
	return s
}

// stored is the fact under which u stands: Gone says disabled, Start is the not-before, and Second the roles.
func (u UserSighting) stored(user Scope, cause string) (SightingKey, Sighting) {
	return SightingKey{Seat: user, Gone: u.Disabled},
		Sighting{At: u.At, Start: u.NotBefore, Second: Seconds(u.Roles), Cause: cause}
}

// OfUser reads s as a page's word on a user; disabled is its key's Gone.
func (s Sighting) OfUser(disabled bool) UserSighting {
	return UserSighting{At: s.At, Disabled: disabled, NotBefore: s.Start, Roles: PageRoles(s.Second)}
}
