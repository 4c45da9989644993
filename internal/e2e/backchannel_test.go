package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// backChannel: a browser's logout reaches authapi over Keycloak's back channel and revokes
// nothing; and where neither listener nor event store says anything, what it doubts is looked at,
// and a death found.
func backChannel(s *system, t *testing.T) {
	s.clientAttributes(map[string]any{
		"backchannel.logout.url": s.stack.Env.AuthapiURL + "/v1/backchannel-logout", "backchannel.logout.session.required": "true",
		"backchannel.logout.revoke.offline.tokens": "true", // Keycloak announces more than it does
	})
	defer s.clientAttributes(map[string]any{"backchannel.logout.url": ""})
	user, _ := s.login()
	browser := s.keycloak.NewBrowser()
	online, err := browser.Login(t.Context(), "app", s.lastName(), "")
	must(t, err)
	must(t, browser.Logout(t.Context(), online))
	s.wait("the order of the logout token", func() (bool, string) {
		a, err := s.backend.Call(t.Context(), http.MethodGet, "/v1/explain?user_id="+user, "", nil)
		return strings.Contains(fmt.Sprint(a.Body), "order look by backchannel-logout"), fmt.Sprint(a.Body, err)
	})
	s.until(user, "usable") // and no longer in doubt

	deaf, _ := s.login()
	s.until(deaf, "usable")
	name := s.lastName()
	s.eventsKept(false)
	defer s.eventsKept(true)
	_, err = s.keycloak.NewBrowser().Login(t.Context(), "app", name, "")
	must(t, err)
	s.endSessions(deaf)
	s.until(deaf, "revoked")
	a, err := s.backend.Call(t.Context(), http.MethodGet, "/v1/users/"+deaf+"/auth", "", nil)
	if err != nil || a.Text("can.api_keys") != "true" || a.Text("can.refresh") != "false" || !strings.Contains(a.Text("message"), "your session has expired") {
		t.Errorf("for an integration: %v %v", a.Body, err)
	}
}

// endSessions ends all sessions of the user, as an administrator does. It waits for the next second before: Keycloak ends
// offline sessions by a not-before in whole seconds, and goes on refreshing a token that was issued in the same second.
func (s *system) endSessions(user string) {
	s.t.Helper()
	called := time.Now().Unix()
	s.wait("the next second", func() (bool, string) { return time.Now().Unix() > called, "" })
	_, err := s.keycloak.Call(s.t.Context(), http.MethodPost, "/users/"+user+"/logout", nil, nil)
	must(s.t, err)
}

func (s *system) lastName() string { return fmt.Sprintf("user-%d", s.people) }

// clientAttributes changes attributes of the client app.
func (s *system) clientAttributes(changes map[string]any) {
	s.t.Helper()
	var found []map[string]any
	_, err := s.keycloak.Call(s.t.Context(), http.MethodGet, "/clients?clientId=app", nil, &found)
	must(s.t, err)
	if len(found) != 1 {
		s.t.Fatalf("%d clients called app", len(found))
	}
	attributes, _ := found[0]["attributes"].(map[string]any)
	maps.Copy(attributes, changes)
	_, err = s.keycloak.Call(s.t.Context(), http.MethodPut, fmt.Sprint("/clients/", found[0]["id"]), found[0], nil)
	must(s.t, err)
}

// linked: a user is found by who they are at an identity provider, also after their logout.
func linked(s *system, t *testing.T) {
	_, err := s.keycloak.Call(t.Context(), http.MethodPost, "/identity-provider/instances", map[string]any{
		"alias": "github", "providerId": "github", "enabled": true, "config": map[string]any{"clientId": "x", "clientSecret": "y"},
	}, nil)
	must(t, err)
	user, tokens := s.login()
	_, err = s.keycloak.Call(t.Context(), http.MethodPost, "/users/"+user+"/federated-identity/github",
		map[string]any{"identityProvider": "github", "userId": "4711", "userName": "octo"}, nil)
	must(t, err)
	ask := func(query string) play.Answer {
		a, err := s.backend.Call(t.Context(), http.MethodGet, "/v1/users?"+query, "", nil)
		must(t, err)
		return a
	}
	s.until(user, "usable")
	if a := ask("idp=github&idp_user_id=4711"); a.Text("user_id") != user || a.Text("can.refresh") != "true" {
		t.Errorf("before the logout: %d %v", a.Status, a.Body)
	}
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.until(user, "revoked")
	if a := ask("idp=github&idp_user_id=4711"); a.Text("user_id") != user || a.Text("can.api_keys") != "true" || a.Text("can.refresh") != "false" || a.Text("message") == "" {
		t.Errorf("after the logout: %d %v", a.Status, a.Body)
	}
	for _, query := range []string{"idp=github&idp_user_id=471", "idp=gitlab&idp_user_id=4711", "idp=github&idp_user_id=*", "idp=github&idp_user_id=octo"} {
		if a := ask(query); a.Status != http.StatusNotFound || a.Text("reason") != "no_such_user" {
			t.Errorf("%s: %d %v", query, a.Status, a.Body)
		}
	}
}
