package keycloak_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Ensure a page of users shows enabled and not-before of each, by the listing's own parameters.
func TestUsers(t *testing.T) {
	t.Parallel()
	asked := ""
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.EscapedPath() + "?" + r.URL.Query().Encode()
		answer(w, 200, `[{"id":"a","enabled":true,"notBefore":0},{"id":"b","enabled":false,"notBefore":17,"attributes":{"x":["y"]}}]`)
	})
	page, err := f.admin(t).Users(context.Background(), "r/1", 40, 20, true)
	if err != nil || len(page.Users) != 2 || page.Users[0] != (keycloak.UserState{ID: "a", Enabled: true}) || page.Users[1] != (keycloak.UserState{ID: "b", NotBefore: 17}) {
		t.Fatalf("%+v, %v", page, err)
	}
	if want := "/admin/realms/r%2F1/users?briefRepresentation=false&enabled=false&first=40&max=20"; asked != want {
		t.Fatalf("asked %s, want %s", asked, want)
	}
}

// Ensure a page that leaves out what must be told is no page: a brief one has no not-before.
func TestUsersBrief(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`[{"id":"a","enabled":true}]`, `[{"id":"a","notBefore":0}]`, `[{"enabled":true,"notBefore":0}]`,
		`[{"id":"a","enabled":true,"notBefore":0},null]`, `[{"id":"a","enabled":"true","notBefore":0}]`, `[{"id":"a","enabled":true,"notBefore":"x"}]`,
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, body) })
		page, err := f.admin(t).Users(context.Background(), "r", 0, 20, false)
		if u, ok := errors.AsType[*keycloak.UnavailableError](err); !ok || u.Status != 200 || len(page.Users) != 0 {
			t.Errorf("%s: %+v, %v", body, page, err)
		}
	}
}

// Ensure an access token that is refused in the middle of a listing is replaced, and that a realm
// that disappears is told from one that is hidden.
func TestUsersInTheMiddleOfAListing(t *testing.T) {
	t.Parallel()
	first := ""
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		if first == "" {
			first = token
		}
		if r.FormValue("first") != "0" && token == first {
			answer(w, 401, `{"error":"HTTP 401 Unauthorized"}`)
			return
		}
		answer(w, 200, `[{"id":"a","enabled":true,"notBefore":0}]`)
	})
	a := f.admin(t)
	for page := range 3 {
		if got, err := a.Users(context.Background(), "r", page, 1, false); err != nil || len(got.Users) != 1 {
			t.Fatalf("page %d: %+v, %v", page, got, err)
		}
	}
	if n := f.logins.Load(); n != 2 {
		t.Errorf("%d logins", n)
	}

	f = newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/realms/master") {
			answer(w, 200, `{"realm":"master","issuer":"i","token_endpoint":"t"}`)
			return
		}
		answer(w, 404, `{"error":"Realm not found."}`)
	})
	if _, err := f.admin(t).Users(context.Background(), "r", 0, 1, false); !errors.Is(err, keycloak.ErrNotFound) {
		t.Errorf("a realm that is gone: %v", err)
	}
	f = newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users") {
			answer(w, 404, `{"error":"no route"}`)
			return
		}
		healthy(w, r)
	})
	if _, err := f.admin(t).Users(context.Background(), "r", 0, 1, false); errors.Is(err, keycloak.ErrNotFound) || err == nil {
		t.Errorf("a route that is hidden: %v", err)
	}
}

// Ensure a user who comes under another id than was asked for is no answer: a user store may take an
// id in another spelling, and no event would ever name the subject that was stored under it.
func TestUserUnderAnotherID(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/composite") {
			answer(w, 200, `[]`)
			return
		}
		answer(w, 200, `{"id":"f:ldap:ann","enabled":true}`)
	})
	_, err := f.app(t).LookUser(context.Background(), "f:ldap:ANN")
	if u, ok := errors.AsType[*keycloak.UnavailableError](err); !ok || !strings.Contains(u.Reason, "as Keycloak spells it") {
		t.Errorf("%v", err)
	}
	if _, err := f.app(t).LookUser(context.Background(), "f:ldap:ann"); err != nil {
		t.Errorf("the same id: %v", err)
	}
}
