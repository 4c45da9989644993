package tokenstate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure each event of the action table puts in question whom keycloak.md J says, and nobody else.
// A star stands for everybody beneath.
func TestEachRowDoubtsItsSubject(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		h    events.Happened
		want string
	}{
		"L logout":                              {events.Happened{Type: "LOGOUT", User: "u", Session: "s"}, "user u"},
		"E1 expired":                            {events.Happened{Type: "USER_SESSION_DELETED", User: "u", Session: "s"}, "user u"},
		"E1 expired, user not named":            {events.Happened{Type: "USER_SESSION_DELETED", Session: "s"}, "session s"},
		"E7 birth by grant":                     {events.Happened{Type: "LOGIN", User: "u", Session: "s"}, "user u"},
		"E7 birth by browser":                   {events.Happened{Type: "CODE_TO_TOKEN", User: "u", Session: "s"}, "user u"},
		"R1 offline":                            {events.Happened{Type: "REVOKE_GRANT", User: "u", Session: "s", Client: "c", Details: map[string]string{"refresh_token_type": "Offline"}}, "user u"},
		"R2 online":                             {events.Happened{Type: "REVOKE_GRANT", User: "u", Session: "s", Client: "c", Details: map[string]string{"refresh_token_type": "Refresh", "revoked_client": "app"}}, ""},
		"R3 access":                             {events.Happened{Type: "REVOKE_GRANT", User: "u", Details: map[string]string{"token_id": "j"}}, ""},
		"C3 consent":                            {events.Happened{Type: "REVOKE_GRANT", User: "u", Client: "c", Details: map[string]string{"revoked_client": "app"}}, "user u"},
		"C6 own account":                        {events.Happened{Type: "DELETE_ACCOUNT", User: "u"}, "user u"},
		"P10 a user changes what is granted":    {events.Happened{Type: "UPDATE_CONSENT", User: "u"}, "consent"},
		"U9 lockout":                            {events.Happened{Type: "USER_DISABLED_BY_PERMANENT_LOCKOUT", User: "u"}, "user u"},
		"E5 refused, by its user":               {events.Happened{Type: "REFRESH_TOKEN_ERROR", Details: map[string]string{"refresh_token_sub": "u"}}, "user u"},
		"E5 refused as stale: nobody":           {events.Happened{Type: "REFRESH_TOKEN_ERROR"}, ""},
		"P6 client by registration":             {events.Happened{Type: "CLIENT_UPDATE", Client: "c"}, "client c, client c*, consent"},
		"P7 client by registration":             {events.Happened{Type: "CLIENT_DELETE", Client: "c"}, "client c, client c*"},
		"P7 client of no UUID":                  {events.Happened{Type: "CLIENT_DELETE"}, "realm*"},
		"U1 logout":                             {events.Happened{Kind: "admin", Type: "ACTION USER", Path: "users/u/logout"}, "user u"},
		"U2 online session":                     {events.Happened{Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/s", Representation: &events.Representation{Offline: &no}}, ""},
		"U2 whose user is told":                 {events.Happened{Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/s", User: "u", Representation: &events.Representation{Offline: &no}}, ""},
		"U3 offline session":                    {events.Happened{Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/s", Representation: &events.Representation{Offline: &yes}}, "session s"},
		"U3 whose owner is told":                {events.Happened{Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/s", Session: "s", User: "u"}, "session s"},
		"U3 of a realm without representations": {events.Happened{Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/s"}, "session s"},
		"U4 consent":                            {events.Happened{Kind: "admin", Type: "ACTION USER", Path: "users/u/consents/app"}, "user u"},
		"U5 disabled":                           {events.Happened{Kind: "admin", Type: "UPDATE USER", Path: "users/u"}, "user u"},
		"U6 deleted":                            {events.Happened{Kind: "admin", Type: "DELETE USER", Path: "users/u"}, "user u"},
		"U8 role of the user":                   {events.Happened{Kind: "admin", Type: "DELETE REALM_ROLE_MAPPING", Path: "users/u/role-mappings/realm"}, "user u"},
		"U8 role of a group":                    {events.Happened{Kind: "admin", Type: "DELETE REALM_ROLE_MAPPING", Path: "groups/g/role-mappings/realm"}, "realm, realm*"},
		"U8 membership":                         {events.Happened{Kind: "admin", Type: "DELETE GROUP_MEMBERSHIP", Path: "users/u/groups/g"}, "user u"},
		"U8 group":                              {events.Happened{Kind: "admin", Type: "DELETE GROUP", Path: "groups/g"}, "realm, realm*"},
		"U8 role":                               {events.Happened{Kind: "admin", Type: "DELETE REALM_ROLE", Path: "roles/offline_access"}, "clients, consent, realm, realm*"},
		"U8 role of a client":                   {events.Happened{Kind: "admin", Type: "DELETE CLIENT_ROLE", Path: "clients/c/roles/r/composites"}, "clients, consent, realm, realm*"},
		"U8 client's scope":                     {events.Happened{Kind: "admin", Type: "DELETE CLIENT_SCOPE_CLIENT_MAPPING", Path: "clients/c/optional-client-scopes/x"}, "client c, client c*, consent"},
		"U10 role in a client's scope":          {events.Happened{Kind: "admin", Type: "DELETE REALM_SCOPE_MAPPING", Path: "clients/c/scope-mappings/realm"}, "client c, client c*, consent"},
		"U10 role that a scope demands":         {events.Happened{Kind: "admin", Type: "CREATE REALM_SCOPE_MAPPING", Path: "client-scopes/x/scope-mappings/realm"}, "clients, consent, realm, realm*"},
		"U10 the same of a client's role":       {events.Happened{Kind: "admin", Type: "DELETE CLIENT_SCOPE_MAPPING", Path: "client-scopes/x/scope-mappings/clients/c"}, "clients, consent, realm, realm*"},
		"U8 scope":                              {events.Happened{Kind: "admin", Type: "DELETE CLIENT_SCOPE", Path: "client-scopes/x"}, "clients, consent, realm, realm*"},
		"P1 not-before":                         {events.Happened{Kind: "admin", Type: "UPDATE REALM"}, "realm, realm*"},
		"P19 role imported anew":                {events.Happened{Kind: "admin", Type: "UPDATE REALM", Path: "realms/a-role"}, "clients, consent, realm, realm*, roles"},
		"P19 user imported anew":                {events.Happened{Kind: "admin", Type: "UPDATE REALM", Path: "users/u"}, "user u"},
		"P19 a piece of the log lost":           {events.Happened{Kind: "admin", Type: "UPDATE LOG"}, "clients, consent, realm, realm*, roles"},
		"P2 push":                               {events.Happened{Kind: "admin", Type: "ACTION REALM", Path: "push-revocation"}, "realm"},
		"P3 logout-all":                         {events.Happened{Kind: "admin", Type: "ACTION REALM", Path: "logout-all"}, "realm, realm*"},
		"P4 client":                             {events.Happened{Kind: "admin", Type: "UPDATE CLIENT", Path: "clients/c"}, "client c, client c*, consent"},
		"P5 push":                               {events.Happened{Kind: "admin", Type: "ACTION CLIENT", Path: "clients/c/push-revocation"}, "client c"},
		"P7 client deleted":                     {events.Happened{Kind: "admin", Type: "DELETE CLIENT", Path: "clients/c"}, "client c, client c*"},
		"P7 something of a client deleted":      {events.Happened{Kind: "admin", Type: "DELETE CLIENT", Path: "clients/c/nodes/n"}, "client c"},
		"P9 realm deleted":                      {events.Happened{Kind: "admin", Type: "DELETE REALM", Path: "demo"}, "clients, consent, realm, realm*, roles"},
		"P12 key":                               {events.Happened{Kind: "admin", Type: "UPDATE COMPONENT", Path: "components/x"}, "realm, realm*"},
		"P13 provider":                          {events.Happened{Kind: "admin", Type: "DELETE IDENTITY_PROVIDER", Path: "identity-provider/instances/up"}, "realm, realm*"},
		"P14 link":                              {events.Happened{Kind: "admin", Type: "DELETE USER", Path: "users/u/federated-identity/up"}, "user u"},
		"P16 organisation":                      {events.Happened{Kind: "admin", Type: "UPDATE ORGANIZATION", Path: "organizations/o"}, "realm, realm*"},
		"P16 member":                            {events.Happened{Kind: "admin", Type: "DELETE ORGANIZATION_MEMBERSHIP", Path: "organizations/o/members/u", User: "u"}, "user u"},
		"A6 user store":                         {events.Happened{Kind: "admin", Type: "DELETE USER_FEDERATION_PROVIDER", Path: "components/x"}, "realm, realm*"},
		"something that concerns no token":      {events.Happened{Kind: "admin", Type: "CREATE AUTH_FLOW", Path: "x"}, ""},
		"a user event that concerns no token":   {events.Happened{Type: "UPDATE_PROFILE", User: "u"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.h
			h.Event = "an-event"
			if h.Kind == "" {
				h.Kind = "user"
			}
			f := tokenstate.Learn(events.Message{ID: "a-message", Realm: "demo", Server: "26.7.3", At: 5_000, Received: 5_001, Node: "kc1", Source: events.Listener, Body: &h})
			var got []string
			for _, row := range f.DoubtRows() {
				got = append(got, subjectOfDoubt(row.ID.Doubt))
			}
			slices.Sort(got)
			if s := strings.Join(got, ", "); s != c.want {
				t.Fatalf("doubts %q, want %q", s, c.want)
			}
		})
	}
}

func subjectOfDoubt(d tokenstate.Doubt) string {
	s := "realm"
	if k := d.Scope.Key; k == "clients" || k == "roles" || k == "consent" {
		return k
	}
	switch {
	case d.Scope.User != "":
		s = "user " + d.Scope.User
	case d.Scope.Session != "":
		s = "session " + d.Scope.Session
	case d.Scope.Client != "":
		s = "client " + d.Scope.Client
	}
	if d.Beneath {
		s += "*"
	}
	return s
}

// Ensure a look at one session, of every client or of one, covers its tokens: a user of too many
// sessions is looked at so.
func TestALookAtOneSessionCoversIt(t *testing.T) {
	for _, client := range []string{"", "c1"} {
		s := newStory().look(1001*sec, "kc1", alive(birth))
		s.observe(1100*sec, "kc1", events.Observation{Rosters: []events.Roster{{Session: "s1", Client: client, Complete: true}}})
		s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
		s.observe(1200*sec, "kc1", events.Observation{Rosters: []events.Roster{{Session: "another", Client: client, Complete: true}}})
		s.observe(1200*sec, "kc1", events.Observation{Rosters: []events.Roster{{Session: "s1", Client: client, Complete: true, Sessions: alive(birth)}}})
		s.want(t, tokenstate.Usable, "")
	}
}
