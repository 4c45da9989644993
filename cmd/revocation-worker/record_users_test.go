//go:build record

package main

import (
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

var scenesOfUsers = []scene{
	{"admin-user-logout", "U1", func(r *recorder) {
		r.grant("before", "app")
		r.age()
		r.post("/users/"+r.user+"/logout", map[string]any{})
		r.grant("same second or after", "app")
		r.asks("after the logout")
	}},
	{"admin-session-delete-online", "U2", func(r *recorder) {
		b := r.k.NewBrowser()
		r.login(b, "app", "")
		t := r.hold("offline, same sid", r.login(b, "app", play.Offline))
		r.age()
		r.del("/sessions/" + t.Session)
		r.asks("after the online session was deleted")
	}},
	{"admin-session-delete-offline", "U3", func(r *recorder) {
		_, one, _ := r.twoInOne()
		r.grant("another", "app")
		r.age()
		r.del("/sessions/" + one.Session + "?isOffline=true")
		r.asks("after the offline session was deleted")
	}},
	{"admin-consent-delete", "U4", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app's other", "app")
		r.grant("app2's", "app2")
		r.age()
		r.del("/users/" + r.user + "/consents/app")
		r.asks("after the consent was deleted")
	}},
	{"user-disabled-enabled", "U5", func(r *recorder) {
		r.grant("it", "app")
		r.put("/users/"+r.user, map[string]any{"enabled": false})
		r.asks("disabled")
		r.put("/users/"+r.user, map[string]any{"enabled": true})
		r.asks("enabled")
	}},
	{"user-deleted", "U6", func(r *recorder) {
		r.grant("it", "app")
		r.age()
		r.del("/users/" + r.user)
		r.asks("deleted")
	}},
	{"user-deleted-imported-again", "U6", func(r *recorder) {
		r.grant("old", "app")
		r.age()
		r.del("/users/" + r.user)
		r.quiet()
		r.must(r.k.Import(r.ctx, person, r.user))
		r.grant("new", "app")
		r.asks("imported under the same id")
	}},
	{"user-credentials", "U7", func(r *recorder) {
		r.grant("it", "app")
		r.age()
		r.put("/users/"+r.user+"/reset-password", map[string]any{"type": "password", "value": "another-word-1", "temporary": false})
		r.put("/users/"+r.user, map[string]any{"email": "else@example.org", "requiredActions": []string{"UPDATE_PASSWORD"}})
		var have []struct{ ID string }
		r.call(http.MethodGet, "/users/"+r.user+"/credentials", nil, &have)
		r.del("/users/" + r.user + "/credentials/" + have[0].ID)
		r.asks("new password, e-mail and required action, credential removed")
	}},
	{"offline-role-of-user", "U8", func(r *recorder) {
		r.grant("it", "app")
		r.roles(http.MethodDelete, "/users/"+r.user+"/role-mappings/realm", r.defaults())
		r.asks("taken")
		r.roles(http.MethodPost, "/users/"+r.user+"/role-mappings/realm", r.defaults())
		r.asks("given back")
	}},
	{"offline-role-of-group", "U8", func(r *recorder) {
		group := r.post("/groups", map[string]any{"name": "offliners"})
		r.roles(http.MethodPost, "/groups/"+group+"/role-mappings/realm", play.Offline)
		r.put("/users/"+r.user+"/groups/"+group, nil)
		r.roles(http.MethodDelete, "/users/"+r.user+"/role-mappings/realm", r.defaults())
		r.grant("it", "app")
		r.asks("member")
		r.del("/users/" + r.user + "/groups/" + group)
		r.asks("left")
		r.put("/users/"+r.user+"/groups/"+group, nil)
		r.asks("member again")
		r.roles(http.MethodDelete, "/groups/"+group+"/role-mappings/realm", play.Offline)
		r.asks("the group lost the role")
		r.roles(http.MethodPost, "/groups/"+group+"/role-mappings/realm", play.Offline)
		r.asks("the group has it again")
		r.del("/groups/" + group)
		r.asks("the group was deleted")
	}},
	{"offline-role-of-composite", "U8", func(r *recorder) {
		r.grant("it", "app")
		r.roles(http.MethodDelete, "/roles/"+r.defaults()+"/composites", play.Offline)
		r.asks("taken from the default roles")
		r.roles(http.MethodPost, "/roles/"+r.defaults()+"/composites", play.Offline)
		r.asks("given back")
	}},
	{"offline-role-of-client-role", "U8", func(r *recorder) {
		roles := "/clients/" + r.uuids["app"] + "/roles"
		r.post(roles, map[string]any{"name": "keeper"})
		r.roles(http.MethodPost, roles+"/keeper/composites", play.Offline)
		var keeper map[string]any
		r.call(http.MethodGet, roles+"/keeper", nil, &keeper)
		r.post("/users/"+r.user+"/role-mappings/clients/"+r.uuids["app"], []any{keeper})
		r.roles(http.MethodDelete, "/users/"+r.user+"/role-mappings/realm", r.defaults())
		r.grant("it", "app")
		r.asks("within a role of a client")
		r.roles(http.MethodDelete, roles+"/keeper/composites", play.Offline)
		r.asks("taken from the client's role")
		r.roles(http.MethodPost, roles+"/keeper/composites", play.Offline)
		r.asks("given back")
		r.del(roles + "/keeper")
		r.asks("the client's role was deleted")
	}},
	{"offline-role-deleted", "U8", func(r *recorder) {
		r.grant("it", "app")
		r.del("/roles/" + play.Offline)
		r.asks("the role was deleted")
		r.post("/roles", map[string]any{"name": play.Offline})
		r.asks("made anew, and mapped to nobody")
		r.roles(http.MethodPost, "/roles/"+r.defaults()+"/composites", play.Offline)
		r.asks("one of the default roles again")
	}},
	{"offline-scope-of-client", "U10", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		scope := r.scope(play.Offline)
		r.del("/clients/" + r.uuids["app"] + "/optional-client-scopes/" + scope)
		r.asks("taken from the client")
		r.put("/clients/"+r.uuids["app"]+"/optional-client-scopes/"+scope, nil)
		r.asks("given back")
	}},
	{"offline-scope-deleted", "U10", func(r *recorder) {
		r.grant("it", "app")
		r.del("/client-scopes/" + r.scope(play.Offline))
		r.asks("the client scope was deleted")
	}},
	{"lockout-permanent", "U9", func(r *recorder) {
		r.put("", map[string]any{"bruteForceProtected": true, "permanentLockout": true, "failureFactor": 2, "maxTemporaryLockouts": 0, "quickLoginCheckMilliSeconds": 0})
		r.grant("it", "app")
		r.fail(4)
		r.asks("locked out")
		r.put("/users/"+r.user, map[string]any{"enabled": true})
		r.asks("enabled")
	}},
	{"workflow-disables-user", "A6", func(r *recorder) {
		r.grant("it", "app")
		workflow := r.post("/workflows", map[string]any{"name": "leavers", "steps": []any{map[string]any{"uses": "disable-user"}}})
		r.post("/workflows/"+workflow+"/activate/USERS/"+r.user, nil)
		play.Pause(r.ctx, 2*time.Second) // its steps run on a thread of their own
		r.asks("disabled by a workflow")
		r.put("/users/"+r.user, map[string]any{"enabled": true})
		r.asks("enabled")
	}},
	{"lockout-temporary", "U9", func(r *recorder) {
		r.put("", map[string]any{"bruteForceProtected": true, "permanentLockout": false, "failureFactor": 2, "waitIncrementSeconds": 600})
		r.grant("it", "app")
		r.fail(4)
		r.asks("locked out for a while")
	}},
}

// fail enters a wrong password.
func (r *recorder) fail(times int) {
	r.Helper()
	for range times {
		_, _ = r.k.NewBrowser().Authorize(r.ctx, "app", "", nil, play.Form{
			Page: `id="kc-form-login"`, Values: map[string][]string{"username": {person}, "password": {"wrong"}},
		})
	}
	play.Pause(r.ctx, time.Second) // Keycloak counts on a thread of its own
}

func (r *recorder) scope(name string) string {
	r.Helper()
	var all []struct{ ID, Name string }
	r.call(http.MethodGet, "/client-scopes", nil, &all)
	for _, s := range all {
		if s.Name == name {
			return s.ID
		}
	}
	r.Fatal("no client scope " + name)
	return ""
}
