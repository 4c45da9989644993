package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/play"
)

// ended is a way for a user or a right to go of which Keycloak writes no user event and no admin
// event, or one that names somebody else. reason is the key's, or the token's where the key stays.
type ended struct {
	way, reason string
	key         bool // dies
	do          func(s *system, user, name string)
}

var ways = []ended{
	{"a partial import overwrites the user under a new id", "user_deleted", true, func(s *system, _, name string) {
		s.overwrite(name, uuid.NewString())
	}},
	{"a partial import overwrites the user under the same id", "session_ended", false, func(s *system, user, name string) {
		s.overwrite(name, user)
	}},
	{"a workflow deletes the user", "user_deleted", true, func(s *system, user, _ string) {
		s.workflow(user, map[string]any{"uses": "delete-user"})
	}},
	{"a workflow disables the user", "user_disabled", true, func(s *system, user, _ string) {
		s.workflow(user, map[string]any{"uses": "disable-user"})
	}},
	{"a workflow takes the default roles", "offline_access_withdrawn", false, func(s *system, user, _ string) {
		s.workflow(user, map[string]any{"uses": "revoke-role", "with": map[string]any{"role": []string{"default-roles-" + strings.ToLower(s.keycloak.Realm)}}})
	}},
}

// vanished: what only Keycloak's own parts tell each other is known as soon as what an
// administrator does.
func vanished(s *system, t *testing.T) {
	for _, w := range ways {
		user, _ := s.login()
		key := s.key(user)
		began := time.Now()
		w.do(s, user, fmt.Sprintf("user-%d", s.people))
		if w.key {
			s.dead(key, w.reason)
			t.Logf("%s: the key after %s", w.way, time.Since(began).Round(time.Millisecond))
		}
		s.wait(w.way, func() (bool, string) {
			v, err := s.backend.Decide(t.Context(), []play.Question{{User: user}})
			return err == nil && v[0].State != "usable" && !v[0].InDoubt, fmt.Sprint(v, err)
		})
		if !w.key {
			s.lives(key)
		}
		t.Logf("%s: the token after %s", w.way, time.Since(began).Round(time.Millisecond))
	}
	s.serviceAccounts(t)
}

// serviceAccounts go with their client, or when they are switched off.
func (s *system) serviceAccounts(t *testing.T) {
	t.Helper()
	for _, how := range []string{"is switched off", "goes with its client"} {
		client, err := s.keycloak.Call(t.Context(), http.MethodPost, "/clients", map[string]any{
			"clientId": "service-" + uuid.NewString(), "serviceAccountsEnabled": true, "publicClient": false,
		}, nil)
		must(t, err)
		var account struct{ ID string }
		_, err = s.keycloak.Call(t.Context(), http.MethodGet, "/clients/"+client+"/service-account-user", nil, &account)
		must(t, err)
		key := s.key(account.ID)
		began := time.Now()
		if how == "is switched off" {
			_, err = s.keycloak.Call(t.Context(), http.MethodPut, "/clients/"+client, map[string]any{"serviceAccountsEnabled": false}, nil)
		} else {
			_, err = s.keycloak.Call(t.Context(), http.MethodDelete, "/clients/"+client, nil, nil)
		}
		must(t, err)
		s.dead(key, "user_deleted")
		t.Logf("a service account %s: after %s", how, time.Since(began).Round(time.Millisecond))
	}
}

func (s *system) key(user string) string {
	s.t.Helper()
	a, err := s.backend.Mint(s.t.Context(), user, "org", "vanished")
	must(s.t, err)
	if a.Status != http.StatusOK {
		s.t.Fatalf("mint: %d %v", a.Status, a.Body)
	}
	s.lives(a.Text("key"))
	return a.Text("key")
}

func (s *system) lives(key string) {
	s.t.Helper()
	a, err := s.backend.Me(s.t.Context(), key)
	must(s.t, err)
	if a.Status != http.StatusOK {
		s.t.Fatalf("the key should live: %d %v", a.Status, a.Body)
	}
}

func (s *system) dead(key, reason string) {
	s.t.Helper()
	s.wait("the key's death", func() (bool, string) {
		a, err := s.backend.Me(s.t.Context(), key)
		return err == nil && a.Status == http.StatusUnauthorized && a.Text("reason") == reason, fmt.Sprint(a.Status, a.Body, err)
	})
}

func (s *system) overwrite(name, id string) {
	s.t.Helper()
	account := play.Account(name)
	account["id"], account["realmRoles"] = id, []string{play.Offline}
	_, err := s.keycloak.Call(s.t.Context(), http.MethodPost, "/partialImport",
		map[string]any{"ifResourceExists": "OVERWRITE", "users": []any{account}}, nil)
	must(s.t, err)
}

// workflow runs one step on a user, now.
func (s *system) workflow(user string, step map[string]any) {
	s.t.Helper()
	id, err := s.keycloak.Call(s.t.Context(), http.MethodPost, "/workflows",
		map[string]any{"name": "w-" + uuid.NewString(), "steps": []any{step}}, nil)
	must(s.t, err)
	_, err = s.keycloak.Call(s.t.Context(), http.MethodPost, "/workflows/"+id+"/activate/USERS/"+user, nil, nil)
	must(s.t, err)
}
