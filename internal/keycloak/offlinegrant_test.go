package keycloak_test

import (
	"net/http"
	"strings"
	"testing"
)

// Ensure a look over the admin API says of a client and of a user whether Keycloak would refresh their offline tokens.
func TestAdmin_WhoMayHaveOfflineTokens(t *testing.T) {
	t.Parallel()
	const mapped, other = `{"realmMappings":[{"name":"offline_access"}]}`, `{"realmMappings":[{"name":"travellers"}]}`
	for name, c := range map[string]struct {
		client, demands, roles, granted string
		ofClient, ofUser                bool
	}{
		"as Keycloak makes them": {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true`, mapped, "offline_access", "", true, true},
		"by default":             {`"defaultClientScopes":["offline_access"],"fullScopeAllowed":true`, mapped, "offline_access", "", true, true},
		"bearer-only":            {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true,"bearerOnly":true`, mapped, "offline_access", "", false, true},
		"without the scope":      {`"optionalClientScopes":["phone"],"fullScopeAllowed":true`, mapped, "offline_access", "", false, true},
		"the role is not in it":  {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":false`, mapped, "offline_access", "phone", false, true},
		"the role is in it":      {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":false`, mapped, "offline_access", "offline_access", true, true},
		"another role is wanted": {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true`, other, "offline_access", "", true, false},
		"and the user has it":    {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true`, other, `offline_access"},{"name":"wanderers`, "", true, true},
		"none is wanted":         {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true`, `{}`, "offline_access", "", true, true},
		"but the role itself is": {`"optionalClientScopes":["offline_access"],"fullScopeAllowed":true`, `{}`, "wanderers", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				switch p := r.URL.Path; {
				case strings.HasSuffix(p, "/granted"):
					if !strings.HasSuffix(p, "/clients/c/evaluate-scopes/scope-mappings/demo/granted") || r.URL.Query().Get("scope") != "offline_access" {
						t.Errorf("asked %s", r.URL)
					}
					answer(w, 200, `[{"name":"`+c.granted+`"}]`)
				case strings.Contains(p, "/clients/"):
					answer(w, 200, `{"id":"c","clientId":"app","enabled":true,`+c.client+`}`)
				case strings.HasSuffix(p, "/scope-mappings"):
					answer(w, 200, c.demands)
				case strings.HasSuffix(p, "/s/scope-mappings/realm/composite"): // travellers contains wanderers
					answer(w, 200, `[{"name":"travellers"},{"name":"wanderers"}]`)
				case strings.HasSuffix(p, "/composite"):
					answer(w, 200, `[{"name":"`+c.roles+`"}]`)
				default:
					healthy(w, r)
				}
			})
			client, err := f.admin(t).LookClient(t.Context(), "demo", "c")
			if err != nil || client.OfflineAccess != c.ofClient {
				t.Errorf("of the client: %+v, %v", client, err)
			}
			user, err := f.admin(t).LookUser(t.Context(), "demo", "u", nil)
			if err != nil || user.OfflineAccess != c.ofUser {
				t.Errorf("of the user: %+v, %v", user, err)
			}
		})
	}
}
