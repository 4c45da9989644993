package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func offlineFlag(b bool) *events.Representation { return &events.Representation{Offline: &b} }

// Ensure each event puts in doubt what keycloak.md J says, and no more: an event that is not heard
// costs a wrong verdict, one that is heard for nothing costs a look.
func TestWhatEventsPutInDoubt(t *testing.T) {
	const user, admin = "user", "admin"
	for _, c := range []struct {
		name   string
		server string // "" is 26.7.3
		h      events.Happened
		token  bool // the token of u1 in s1 is in doubt
		owner  bool // so is u1, the owner of keys
	}{
		{"logout", "", events.Happened{Kind: user, Type: "LOGOUT", User: "u1", Session: "s1"}, true, false},
		{"logout without a user", "", events.Happened{Kind: user, Type: "LOGOUT", Session: "s1"}, true, false},
		{"another's logout", "", events.Happened{Kind: user, Type: "LOGOUT", User: "u2", Session: "s2"}, false, false},
		{"session expired", "", events.Happened{Kind: user, Type: "USER_SESSION_DELETED", User: "u1", Session: "s1"}, true, false},
		{"refused refresh", "", events.Happened{Kind: user, Type: "REFRESH_TOKEN_ERROR", Details: map[string]string{"refresh_token_sub": "u1"}}, true, true},
		{"refused as stale, without ids", "", events.Happened{Kind: user, Type: "REFRESH_TOKEN_ERROR"}, false, false},
		{"lockout", "", events.Happened{Kind: user, Type: "USER_DISABLED_BY_PERMANENT_LOCKOUT", User: "u1"}, true, true},
		{"consent withdrawn", "", events.Happened{Kind: user, Type: "REVOKE_GRANT", User: "u1", Details: map[string]string{"revoked_client": "app"}}, true, false},
		{"online token revoked", "", events.Happened{Kind: user, Type: "REVOKE_GRANT", User: "u1", Session: "s1", Details: map[string]string{"refresh_token_type": "Refresh"}}, false, false},
		{"the same up to 26.0", "26.0.8", events.Happened{Kind: user, Type: "REVOKE_GRANT", User: "u1", Details: map[string]string{"refresh_token_type": "Refresh"}}, true, false},
		{"the same, version unknown", "?", events.Happened{Kind: user, Type: "REVOKE_GRANT", User: "u1", Details: map[string]string{"refresh_token_type": "Refresh"}}, true, false},
		{"access token revoked", "", events.Happened{Kind: user, Type: "REVOKE_GRANT", User: "u1", Details: map[string]string{"token_id": "j"}}, false, false},
		{"new password", "", events.Happened{Kind: user, Type: "UPDATE_PASSWORD", User: "u1"}, false, false},
		{"client updated", "", events.Happened{Kind: user, Type: "CLIENT_UPDATE", Client: "c1"}, true, false},
		{"client deleted", "", events.Happened{Kind: user, Type: "CLIENT_DELETE", Client: "c1"}, true, false},
		{"a client nobody knows deleted", "", events.Happened{Kind: user, Type: "CLIENT_DELETE"}, true, true},

		{"users/{id}/logout", "", events.Happened{Kind: admin, Type: "ACTION USER", Path: "users/u1/logout"}, true, true},
		{"user updated", "", events.Happened{Kind: admin, Type: "UPDATE USER", Path: "users/u1"}, true, true},
		{"roles taken", "", events.Happened{Kind: admin, Type: "DELETE REALM_ROLE_MAPPING", Path: "users/u1/role-mappings/realm"}, true, true},
		{"a group's roles", "", events.Happened{Kind: admin, Type: "DELETE REALM_ROLE_MAPPING", Path: "groups/g/role-mappings/realm"}, true, true},
		{"offline session deleted", "", events.Happened{Kind: admin, Type: "DELETE USER_SESSION", Path: "sessions/s1", Representation: offlineFlag(true)}, true, false},
		{"session deleted, kind unknown", "", events.Happened{Kind: admin, Type: "DELETE USER_SESSION", Path: "sessions/s1"}, true, false},
		{"online session deleted", "", events.Happened{Kind: admin, Type: "DELETE USER_SESSION", Path: "sessions/s1", Representation: offlineFlag(false)}, false, false},
		{"realm updated", "", events.Happened{Kind: admin, Type: "UPDATE REALM"}, true, true},
		{"logout-all", "", events.Happened{Kind: admin, Type: "ACTION REALM", Path: "logout-all"}, true, true},
		{"client updated by an admin", "", events.Happened{Kind: admin, Type: "UPDATE CLIENT", Path: "clients/c1"}, true, false},
		{"another client updated", "", events.Happened{Kind: admin, Type: "UPDATE CLIENT", Path: "clients/c2"}, false, false},
		{"identity provider removed", "", events.Happened{Kind: admin, Type: "DELETE IDENTITY_PROVIDER", Path: "identity-provider/instances/i"}, true, true},
		{"organization updated", "", events.Happened{Kind: admin, Type: "UPDATE ORGANIZATION", Path: "organizations/o"}, true, true},
		{"key component", "", events.Happened{Kind: admin, Type: "UPDATE COMPONENT", Path: "components/c"}, true, true},
		{"client scope taken", "", events.Happened{Kind: admin, Type: "DELETE CLIENT_SCOPE_CLIENT_MAPPING", Path: "clients/c1/optional-client-scopes/x"}, true, false},
		{"role that a scope demands", "", events.Happened{Kind: admin, Type: "DELETE REALM_SCOPE_MAPPING", Path: "client-scopes/x/scope-mappings/realm"}, true, true},
	} {
		s := seen(2000 * sec)
		c.h.Event = "event-1"
		server := "26.7.3"
		if c.server != "" {
			server = c.server
		}
		s.facts.Add(tokenstate.Learn(events.Message{ID: "event-1/l", Realm: "demo", Server: server, At: 2100 * sec, Received: 2100 * sec, Node: "kc1", Source: events.Listener, Body: &c.h}))
		r := tokenstate.DefaultRules()
		if v := tokenstate.Judge(token, s.facts, r); v.InDoubt != c.token || v.State != tokenstate.Usable {
			t.Errorf("%s: token in doubt %t, %v %s", c.name, v.InDoubt, v.State, v.Reason)
		}
		if o := tokenstate.Owner("demo", "u1", s.facts, r); o.InDoubt != c.owner {
			t.Errorf("%s: owner in doubt %t", c.name, o.InDoubt)
		}
	}
}

// Ensure what only looks can see of the subjects above a token closes it, and lifts again.
func TestStandingsOfLooks(t *testing.T) {
	open := events.Observation{
		Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
		User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
	}
	for reason, closed := range map[string]events.Observation{
		tokenstate.ReasonRealmDisabled:  {Realm: &events.RealmLook{}},
		tokenstate.ReasonClientDisabled: {Clients: []events.ClientLook{{Client: "c1", ClientID: "app"}}},
		tokenstate.ReasonClientDeleted:  {Clients: []events.ClientLook{{Client: "c1", Gone: true}}},
		tokenstate.ReasonUserDisabled:   {User: &events.UserLook{User: "u1", OfflineAccess: true}},
		tokenstate.ReasonOfflineAccess:  {User: &events.UserLook{User: "u1", Enabled: true}},
		tokenstate.ReasonClientOffline:  {Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true, OfflineAccess: new(bool)}}},
	} {
		s := newStory().observe(1001*sec, "kc1", open).observe(1002*sec, "kc1", closed)
		s.want(t, tokenstate.Suspended, reason)
		s.observe(1003*sec, "kc1", open).want(t, tokenstate.Usable, "")
	}
	// A vanished user takes every session along; one so young that absence does not count yet is
	// suspended all the same.
	newStory().observe(1000*sec, "kc1", events.Observation{Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}}}).
		observe(1001*sec, "kc1", events.Observation{User: &events.UserLook{User: "u1", Gone: true}}).
		want(t, tokenstate.Suspended, tokenstate.ReasonUserDeleted)
}
