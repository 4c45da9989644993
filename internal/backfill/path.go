package backfill

import (
	"slices"
	"strings"
)

// resource is whom an admin event's path names.
type resource struct{ user, session, client, clientID string }

// ofUser is what can follow users/{id}/ in the admin API of 22 to 26.7.
var ofUser = []string{
	"logout", "consents", "role-mappings", "groups", "sessions", "offline-sessions", "federated-identity",
	"reset-password", "reset-password-email", "credentials", "disable-credential-types", "execute-actions-email",
	"send-verify-email", "impersonation", "configured-user-storage-credential-types", "profile", "unmanagedAttributes", "partial-import",
}

func pathOf(path string) resource {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case len(parts) < 2:
		return resource{}
	case parts[0] == "users":
		end := endOfUser(parts)
		r := resource{user: id(strings.Join(parts[1:end], "/"))}
		if end < len(parts) && parts[end] == "consents" {
			r.clientID = id(strings.Join(parts[end+1:], "/"))
		}
		return r
	case parts[0] == "sessions":
		return resource{session: id(strings.Join(parts[1:], "/"))}
	case parts[0] == "clients":
		return resource{client: id(parts[1])}
	case parts[0] == "organizations" && len(parts) > 3 && parts[2] == "members":
		return resource{user: id(strings.Join(parts[3:], "/"))}
	}
	return resource{}
}

// endOfUser: only the id of a federated user (f:{store}:{external id}) can hold a slash.
func endOfUser(parts []string) int {
	if len(parts) < 3 || !strings.HasPrefix(parts[1], "f:") {
		return 2
	}
	end := 2
	for end < len(parts) && !slices.Contains(ofUser, parts[end]) {
		end++
	}
	return end
}
