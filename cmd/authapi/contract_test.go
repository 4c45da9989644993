package main

import (
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// call is a row of docs/api.md.
type call struct{ method, path, caller string }

// shown names for each call of the contract a test that shows it.
var shown = map[string]func(*testing.T){
	"GET /api/service/health": TestPaths,
	"GET /api/v1/users/me":    TestPresentedKeys,
	"GET /v1/authorize":       TestGatewaysAgree,
	"HEAD /v1/authorize":      TestGatewaysAgree,
	"POST /v1/authorize":      TestAuthorizeIgnoresBodies,
	"POST /api/service/users/{user_id}/orgs/{org_id}/api-keys":          TestSystemKeys,
	"DELETE /api/service/users/{user_id}/orgs/{org_id}/api-keys/{name}": TestSystemKeys,
	"POST /v1/users/{user_id}/api-keys":                                 TestUserKeys,
	"GET /v1/users/{user_id}/api-keys":                                  TestUserKeys_List,
	"DELETE /v1/users/{user_id}/api-keys/{id}":                          TestUserKeys,
	"POST /v1/users/{user_id}/api-keys/{id}/rotate":                     TestUserKeys_Rotate,
	"PUT /v1/orgs/{org_id}/members/{user_id}":                           TestMembers,
	"DELETE /v1/orgs/{org_id}/members/{user_id}":                        TestMembers,
	"POST /oauth2/introspect":                                           TestIntrospect,
	"PUT /v1/offline-tokens":                                            TestStoreTokens,
	"GET /v1/users/{user_id}/offline-tokens":                            TestStoreTokens,
	"DELETE /v1/users/{id}/offline-tokens/{session_id}":                 TestStoreTokens,
	"POST /v1/users/{user_id}/access-token":                             TestAccessTokens,
	"POST /v1/refresh-outcomes":                                         TestRefreshOutcomes,
	"POST /v1/decide":                                                   TestDecide,
	"GET /v1/users/{user_id}/auth":                                      TestIntegrations,
	"GET /v1/users":                                                     TestIntegrations,
	"POST /v1/logout":                                                   TestLogout,
	"POST /v1/users/{user_id}/standing":                                 TestTheBackendsStanding,
	"POST /v1/users/{user_id}/revoke":                                   TestRevokeReachesWhatItNames,
	"POST /v1/backchannel-logout":                                       TestLogoutTokenRaisesADoubt,
	"GET /v1/explain":                                                   TestExplain,
	"GET /v1/events/{event_id}":                                         TestEventApplied,
	"GET /v1/refusals":                                                  TestRefusals,
	"GET /v1/status":                                                    TestStatus,
	"POST /v1/users/by-email":                                           TestUsersByEmail,
	"GET /v1/notices":                                                   TestNotices,
}

// Ensure the calls of the contract, which shown holds, of docs/api.md and of /openapi.json are the
// same. That each one's test exists is the compiler's word.
func TestContract(t *testing.T) {
	w := newWorld(t)
	var documented, served []string
	for _, c := range documentedCalls(t) {
		documented = append(documented, c.method+" "+c.path)
	}
	doc := w.ask(http.MethodGet, "/openapi.json", nil).want(t, http.StatusOK)
	for path, item := range doc.body["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			served = append(served, strings.ToUpper(method)+" "+path)
		}
	}
	for name, calls := range map[string][]string{"docs/api.md": documented, "/openapi.json": served} {
		for _, c := range calls {
			if shown[c] == nil {
				t.Errorf("%s has %s, which no test shows: is it in the contract?", name, c)
			}
		}
		for c := range maps.Keys(shown) {
			if !slices.Contains(calls, c) {
				t.Errorf("%s lacks %s", name, c)
			}
		}
	}
}

// Ensure each call asks for what docs/api.md says, and for nothing less.
func TestContractScopes(t *testing.T) {
	w := newWorld(t)
	few := w.credential("few", "demo", []string{}, nil)
	for _, c := range documentedCalls(t) {
		path := regexp.MustCompile(`{\w+}`).ReplaceAllString(c.path, "x")
		nobody := w.ask(c.method, path, nil)
		switch scoped := slices.Contains(gate.Scopes(), c.caller); {
		case c.caller == "all":
			if nobody.status == http.StatusUnauthorized || nobody.status == http.StatusForbidden {
				t.Errorf("%v: %d without credentials", c, nobody.status)
			}
		case c.caller != "key" && !scoped:
			t.Errorf("%v: there is no such scope", c)
		case nobody.status != http.StatusUnauthorized:
			t.Errorf("%v: %d without credentials", c, nobody.status)
		case scoped:
			r := w.ask(c.method, path, nil, "X-Service-API-Key", few).want(t, http.StatusForbidden, "reason", "insufficient_scope")
			if detail, _ := r.body["detail"].(string); !strings.HasSuffix(detail, " "+c.caller) {
				t.Errorf("%v: %s", c, detail)
			}
		}
	}
}

func documentedCalls(t *testing.T) (all []call) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/api.md")
	must(t, err)
	for _, m := range regexp.MustCompile("(?m)^\\| ([A-Z]+) \\| `([^`]+)` \\| ([a-z:]+) \\|").FindAllStringSubmatch(string(raw), -1) {
		all = append(all, call{m[1], m[2], m[3]})
	}
	if len(all) == 0 {
		t.Fatal("docs/api.md has no table of calls, or it is not found")
	}
	return all
}
