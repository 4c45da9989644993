package tokenstate

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// adminDoubts are what an admin event puts in question, by its resource. An operation that we
// do not know on a resource that we know raises the doubt: to look once too often costs
// little, not to look costs a wrong verdict.
func adminDoubts(realm string, h *events.Happened) []Doubt {
	self := Doubt{Scope: Scope{Realm: realm}}
	beneath := Doubt{Scope: Scope{Realm: realm}, Beneath: true}
	op, resource, _ := strings.Cut(h.Type, " ")
	if user := subjectUser(h); user != "" && resource != "USER_SESSION" {
		return []Doubt{{Scope: Scope{Realm: realm, User: user}}}
	}
	switch resource {
	case "USER_SESSION":
		return sessionDoubts(realm, h)
	case "REALM":
		// Whatever else an update changed, it may have been a lifetime, which ends sessions
		// beneath or lets them live again, and no event tells from what to what.
		if op == "UPDATE" && strings.Contains(h.Path, "/") {
			return imported(realm)
		}
		if op == "UPDATE" || strings.HasSuffix(h.Path, "logout-all") {
			return []Doubt{self, listingDoubt(Scope{Realm: realm})}
		}
		if op == "DELETE" { // it may be there again, with others in it, before anybody has looked
			return imported(realm)
		}
		return []Doubt{self}
	case "CLIENT":
		return clientDoubts(realm, h, op)
	case "CLIENT_SCOPE_CLIENT_MAPPING", "REALM_SCOPE_MAPPING", "CLIENT_SCOPE_MAPPING":
		return scopeDoubts(realm, h)
	case "LOG": // the worker's own: the log lost messages, and Keycloak's event store is read again
		return imported(realm)
	case "REALM_ROLE", "CLIENT_ROLE", "CLIENT_SCOPE": // a role that is gone, or contains another one, may be in a client's scope
		return []Doubt{self, beneath, clientsDoubt(realm), consentDoubt(Scope{Realm: realm})}
	case "USER_FEDERATION_PROVIDER", "COMPONENT", "IDENTITY_PROVIDER", "ORGANIZATION", "ORGANIZATION_MEMBERSHIP",
		"REALM_ROLE_MAPPING", "CLIENT_ROLE_MAPPING", "GROUP", "GROUP_MEMBERSHIP", "USER":
		return []Doubt{self, beneath}
	}
	return nil
}

// imported is what a partial import that overwrites something puts in doubt: a user has an event that names them, but
// a role or a group is removed and made anew without its members, and a client without its tokens, and nothing names
// whom that concerns. It is also what a lost piece of the log puts in doubt.
func imported(realm string) []Doubt {
	s := Scope{Realm: realm}
	return []Doubt{{Scope: s}, listingDoubt(s), rolesDoubt(realm), clientsDoubt(realm), consentDoubt(s)}
}

// sessionDoubts: the path names the session and nothing else names its user. Only the
// representation tells offline from online; without it, both are possible.
func sessionDoubts(realm string, h *events.Happened) []Doubt {
	if r := h.Representation; r != nil && r.Offline != nil && !*r.Offline {
		return nil
	}
	return known(Doubt{Scope: Scope{Realm: realm, Session: sessionOf(h)}})
}

func sessionOf(h *events.Happened) string {
	if h.Session != "" {
		return h.Session
	}
	return after(h.Path, "sessions/")
}

func clientDoubts(realm string, h *events.Happened, op string) []Doubt {
	client := h.Client
	if client == "" {
		client = after(h.Path, "clients/")
	}
	if op == "DELETE" && !strings.Contains(after(h.Path, "clients/"+client), "/") && h.Path == "clients/"+client {
		return clientDeleted(realm, client)
	}
	if op == "UPDATE" && h.Path == "clients/"+client {
		return clientUpdated(realm, client)
	}
	return known(Doubt{Scope: Scope{Realm: realm, Client: client}})
}

// scopeDoubts: which scopes a client has, and which roles are in its scope, decides for its own tokens; which roles a
// client scope demands, for everybody's.
func scopeDoubts(realm string, h *events.Happened) []Doubt {
	if client := cmp.Or(h.Client, after(h.Path, "clients/")); client != "" {
		s := Scope{Realm: realm, Client: client}
		return []Doubt{{Scope: s}, {Scope: s, Beneath: true}, consentDoubt(s)}
	}
	s := Scope{Realm: realm}
	return []Doubt{{Scope: s}, {Scope: s, Beneath: true}, clientsDoubt(realm), consentDoubt(s)}
}

func pathUser(path string) string { return after(path, "users/") }

// isUserPath: the path is a user's own. The id of a federated user may hold a slash, so only whoever
// wrote the message knows where it ends.
func isUserPath(h *events.Happened) bool {
	id := subjectUser(h)
	return id != "" && h.Path == "users/"+id
}

// after is the path element that follows prefix at the path's beginning.
func after(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// scopedRevoke: since 26.1 RFC 7009 revocation ends one client of one session. Unknown: no.
func scopedRevoke(server string) bool {
	parts := strings.SplitN(server, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > 26 || major == 26 && minor >= 1)
}
