//go:build mutations

package mutation

func init() { mutants = append(mutants, rows...) }

// rows are the special cases of keycloak.md's action table, and what is done for a user of many
// sessions.
var rows = []mutant{
	{"birth doubts its user", core + "learnevent.go", `"LOGIN", "CODE_TO_TOKEN", "REFRESH`, `"REFRESH`, false},
	{"an own account's deletion doubts", core + "learnevent.go", `"DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT":`, `"USER_DISABLED_BY_PERMANENT_LOCKOUT":`, false},
	{"a lockout doubts", core + "learnevent.go", `"DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT":`, `"DELETE_ACCOUNT":`, false},
	{"an own account's deletion is final", core + "learnevent.go", `case h.Type == "DELETE_ACCOUNT" && h.User != "", h.Type == "DELETE USER"`, `case h.Type == "DELETE USER"`, false},
	{"a user's deletion by an admin is final", core + "learnevent.go", `case h.Type == "DELETE_ACCOUNT" && h.User != "", h.Type == "DELETE USER" && isUserPath(h):`, `case h.Type == "DELETE_ACCOUNT" && h.User != "":`, false},
	{"a removed provider link is no deletion of the user", core + "learnevent.go", `h.Type == "DELETE USER" && isUserPath(h)`, `h.Type == "DELETE USER"`, false},
	{"a realm's deletion is final", core + "learnevent.go", `case h.Type == "DELETE REALM":`, `case h.Type == "DELETE REALMS":`, false},
	{"an access token's revocation is nothing", core + "learnevent.go", "||\n\t\th.Details[\"token_id\"] != \"\" && h.Details[\"revoked_client\"] == \"\"", "", false},
	{"consent withdrawn is no online revocation", core + "learnevent.go", `h.Details["token_id"] != "" && h.Details["revoked_client"] == ""`, `h.User != ""`, false},
	{"a refusal's user is in its details", core + "learnevent.go", `return h.Details["refresh_token_sub"]`, `return ""`, false},
	{"a client's update by registration doubts it", core + "learnevent.go", `case "CLIENT_UPDATE":`, `case "CLIENT_UPDATES":`, false},
	{"a client's deletion by registration doubts everybody beneath", core + "learnevent.go", `case "CLIENT_DELETE":`, `case "CLIENT_DELETES":`, false},
	{"a deleted client of no UUID doubts the realm", core + "learnevent.go", `return []Doubt{{Scope: Scope{Realm: realm}, Beneath: true}}`, `return nil`, false},
	{"a deleted client doubts everybody beneath", core + "learnevent.go", `return []Doubt{{Scope: s}, {Scope: s, Beneath: true}}`, `return []Doubt{{Scope: s}}`, false},
	{"what is deleted of a client is not the client", core + "learnadmin.go", `"/") && h.Path == "clients/"+client {`, `"/") {`, false},
	{"a user's session has no user in its path", core + "learnadmin.go", `user != "" && resource != "USER_SESSION"`, `user != ""`, false},
	{"an offline session deleted doubts it", core + "learnadmin.go", `return known(Doubt{Scope: Scope{Realm: realm, Session: sessionOf(h)}})`, `return nil`, false},
	{"a user store doubts everybody", core + "learnadmin.go", `case "USER_FEDERATION_PROVIDER", "COMPONENT"`, `case "COMPONENT"`, false},
	{"a key doubts everybody", core + "learnadmin.go", `"USER_FEDERATION_PROVIDER", "COMPONENT", `, `"USER_FEDERATION_PROVIDER", `, false},
	{"a provider removed doubts everybody", core + "learnadmin.go", `"IDENTITY_PROVIDER", `, ``, false},
	{"an organisation doubts everybody", core + "learnadmin.go", `"ORGANIZATION", `, ``, false},
	{"a role doubts everybody", core + "learnadmin.go", "\"REALM_ROLE\", \"REALM_ROLE_MAPPING\"", "\"REALM_ROLE_MAPPING\"", false},
	{"a client's role doubts everybody", core + "learnadmin.go", `"CLIENT_ROLE", `, ``, false},
	{"a group's role doubts everybody", core + "learnadmin.go", "\"REALM_ROLE\", \"REALM_ROLE_MAPPING\"", "\"REALM_ROLE\"", false},
	{"a group doubts everybody", core + "learnadmin.go", `"CLIENT_ROLE_MAPPING", "GROUP",`, `"CLIENT_ROLE_MAPPING",`, false},
	{"a client scope doubts everybody", core + "learnadmin.go", `"CLIENT_SCOPE", "CLIENT_SCOPE_CLIENT_MAPPING"`, `"CLIENT_SCOPE_CLIENT_MAPPING"`, false},
	{"a client's scope doubts everybody", core + "learnadmin.go", `"CLIENT_SCOPE", "CLIENT_SCOPE_CLIENT_MAPPING"`, `"CLIENT_SCOPE"`, false},
	{"a user who is gone has no sessions", core + "learnlook.go", `if u.Gone { // with the user went every session`, `if false { //`, false},
	{"a deleted client closes its tokens", core + "standing.go", `{gone, Suspended, ReasonClientDeleted},`, ``, false},
	{"a deleted realm closes, seen by a look", core + "standing.go", `{gone, Suspended, ReasonRealmDeleted},`, ``, false},
	{"a session's roster covers its tokens", core + "roster.go", `		{Realm: r, Session: t.Session},
		{Realm: r, Client: t.Client, Session: t.Session},
	}`, `	}`, false},
	{"a client's roster of a user covers its tokens", core + "roster.go", `		{Realm: r, User: t.User, Client: t.Client},
		{Realm: r, Session`, `		{Realm: r, Session`, false},

	{"nobody is due in a realm that is gone", core + "due.go", `!owner || f.withoutRealm(user.Realm, r) {`, `!owner {`, false},
	{"no client is due in a realm that is gone", core + "due.go", `if s.Client != "" && f.withoutRealm(s.Realm, r) {`, `if false {`, false},
	{"nobody is in doubt in a realm that is gone", core + "doubt.go", `if f.withoutRealm(t.Realm, r) {`, `if false {`, false},
	{"no owner is in doubt in a realm that is gone", core + "owner.go", `itself || f.withoutRealm(user.Realm, r) {`, `itself {`, false},
	{"many sessions are named one by one", "internal/asking/ask.go", `named = append(named, nameSessions(r, tokens)...)`, ``, false},
	{"a large roster does not go whole", "internal/asking/ask.go", `seats <= left && len(o.Rosters) < maxRosters`, `len(o.Rosters) < maxRosters`, false},
	{"rosters of a message are bounded", "internal/asking/ask.go", `seats <= left && len(o.Rosters) < maxRosters`, `seats <= left`, false},
	{"a session that lives is named so", "internal/asking/ask.go", `if s, ok := lives[t.Session]; ok {`, `if s, ok := lives[t.Session]; ok && false {`, false},
}
