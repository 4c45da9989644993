package keycloak_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure the role is made and given where it is lacking, and that a second run changes nothing.
func TestSetup_Reader(t *testing.T) {
	t.Parallel()
	const role = `{"id":"r1","name":"tokenstate-reader"}`
	for _, c := range []struct {
		made, given bool
		want        []string
	}{
		{want: []string{"tokenstate-reader made", "tokenstate-reader"}},
		{made: true, want: []string{"tokenstate-reader"}},
		{made: true, given: true},
	} {
		made, given := c.made, c.given
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			switch path := r.URL.Path; {
			case strings.HasSuffix(path, "/token"):
				answer(w, 200, `{"access_token":"a.b.c"}`)
			case strings.HasSuffix(path, "/clients"):
				answer(w, 200, `[{"id":"c1","clientId":"worker"}]`)
			case strings.HasSuffix(path, "/service-account-user"):
				answer(w, 200, `{"id":"u1"}`)
			case r.Method == http.MethodPost && strings.HasSuffix(path, "/realms/master/roles"):
				made = true
				w.Header().Set("Location", path+"/tokenstate-reader")
				w.WriteHeader(http.StatusCreated)
			case strings.HasSuffix(path, "/roles/tokenstate-reader") && !made:
				answer(w, 404, `{"error":"Could not find role"}`)
			case strings.HasSuffix(path, "/roles/tokenstate-reader"):
				answer(w, 200, role)
			case r.Method == http.MethodPost && strings.HasSuffix(path, "/users/u1/role-mappings/realm"):
				given = true
				w.WriteHeader(http.StatusNoContent)
			case given:
				answer(w, 200, `[`+role+`]`)
			default:
				answer(w, 200, `[{"id":"r0","name":"default-roles-master"}]`)
			}
		})
		s, err := keycloak.NewSetup(t.Context(), f.URL, "admin", secret.New("x"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]string{c.want, nil} {
			changed, err := s.Reader(t.Context(), "worker")
			if err != nil || !slices.Equal(changed, want) || !made || !given {
				t.Errorf("%+v: %v, %v, made %v, given %v", c, changed, err, made, given)
			}
		}
	}
}

// Ensure that an administrator without the right is told which role could not be made.
func TestSetup_ReaderRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/token"):
			answer(w, 200, `{"access_token":"a.b.c"}`)
		case strings.HasSuffix(path, "/clients"):
			answer(w, 200, `[{"id":"c1","clientId":"worker"}]`)
		case strings.HasSuffix(path, "/service-account-user"):
			answer(w, 200, `{"id":"u1"}`)
		case r.Method == http.MethodGet:
			answer(w, 404, `{"error":"Could not find role"}`)
		default:
			answer(w, 403, `{"error":"unknown_error"}`)
		}
	})
	s, err := keycloak.NewSetup(t.Context(), f.URL, "admin", secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reader(t.Context(), "worker"); err == nil || !strings.Contains(err.Error(), "tokenstate-reader: Forbidden") {
		t.Error(err)
	}
}
