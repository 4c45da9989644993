package keycloak_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Ensure an address is asked for exactly, and not where a user store would be asked with it.
func TestUsersByEmail(t *testing.T) {
	t.Parallel()
	stores, searched := `[]`, ""
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/components") {
			answer(w, 200, stores)
			return
		}
		searched = r.URL.EscapedPath() + "?" + r.URL.Query().Encode()
		answer(w, 200, `[{"id":"u1"},{"id":"u2"}]`)
	})
	ids, err := f.admin(t).UsersByEmail(context.Background(), "demo", "ann+x@example.org")
	if want := "/admin/realms/demo/users?briefRepresentation=true&email=ann%2Bx%40example.org&exact=true&max=10"; err != nil || !slices.Equal(ids, []string{"u1", "u2"}) || searched != want {
		t.Errorf("%v, %v, asked %s", ids, err, searched)
	}
	stores, searched = `[{"id":"a","name":"ldap","config":{}}]`, ""
	if _, err := f.admin(t).UsersByEmail(context.Background(), "demo", "ann@example.org"); !errors.Is(err, keycloak.ErrUserStores) || searched != "" {
		t.Errorf("with a user store: %v, asked %q", err, searched)
	}
}
