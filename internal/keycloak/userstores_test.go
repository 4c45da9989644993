package keycloak_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Ensure a realm's user stores are read with Keycloak's own defaults, and a refusal is no empty list.
func TestUserStores(t *testing.T) {
	t.Parallel()
	asked, status := "", 200
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.EscapedPath() + "?" + r.URL.Query().Encode()
		answer(w, status, `[{"id":"a","name":"ldap","config":{"vendor":["other"]}},
			{"id":"b","name":"kept","config":{"removeInvalidUsersEnabled":["false"]}},
			{"id":"c","name":"not imported","config":{"importEnabled":["false"],"enabled":["false"]}}]`)
	})
	stores, err := f.admin(t).UserStores(context.Background(), "r/1")
	want := []keycloak.UserStore{{"a", "ldap", true, true}, {"b", "kept", true, false}, {"c", "not imported", false, false}}
	if err != nil || !slices.Equal(stores, want) {
		t.Errorf("%+v, %v", stores, err)
	}
	if want := "/admin/realms/r%2F1/components?type=org.keycloak.storage.UserStorageProvider"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	status = 403
	if stores, err := f.admin(t).UserStores(context.Background(), "r"); err == nil {
		t.Errorf("a refusal gave %+v", stores)
	}
}
