package keycloak_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Ensure only a user who is really linked is given, whatever a listing says: a server that does
// not know the parameters lists anybody.
func TestFindLinked(t *testing.T) {
	const link = `[{"identityProvider":"github","userId":"42","userName":"octo"}]`
	for name, c := range map[string]struct {
		listed string
		links  map[string]string
		want   string
		err    error // nil with want "": unknown
	}{
		"one":               {`[{"id":"u"}]`, map[string]string{"u": link}, "u", nil},
		"nobody":            {`[]`, nil, "", keycloak.ErrNotFound},
		"anybody":           {`[{"id":"v"}]`, map[string]string{"v": `[]`}, "", keycloak.ErrNotFound},
		"another provider":  {`[{"id":"v"}]`, map[string]string{"v": strings.Replace(link, "github", "gitlab", 1)}, "", keycloak.ErrNotFound},
		"another id there":  {`[{"id":"v"}]`, map[string]string{"v": strings.Replace(link, "42", "421", 1)}, "", keycloak.ErrNotFound},
		"the second of two": {`[{"id":"v"},{"id":"u"}]`, map[string]string{"v": `[]`, "u": link}, "u", nil},
		"two":               {`[{"id":"v"},{"id":"u"}]`, map[string]string{"v": link, "u": link}, "", keycloak.ErrAmbiguous},
		"everybody":         {`[{"id":"a"},{"id":"b"},{"id":"c"}]`, nil, "", nil},
		"gone in between":   {`[{"id":"u"}]`, nil, "", nil},
		"a path for an id":  {`[{"id":".."}]`, nil, "", keycloak.ErrBadID},
	} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			user, isLinks := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/admin/realms/master/users/"), "/federated-identity")
			switch links, known := c.links[user]; {
			case !isLinks && q.Get("idpAlias") == "github" && q.Get("idpUserId") == "42":
				answer(w, 200, c.listed)
			case isLinks && known:
				answer(w, 200, links)
			default:
				answer(w, 404, `{"error":"User not found"}`)
			}
		})
		got, err := f.app(t).FindLinked(t.Context(), "github", "42")
		var u *keycloak.UnavailableError
		switch {
		case got != c.want, c.err != nil && !errors.Is(err, c.err), c.want == "" && c.err == nil && !errors.As(err, &u), c.want != "" && err != nil:
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Ensure a listing that fails is unknown and never nobody, and that no odd id is sent.
func TestFindLinkedUnknown(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 500, 503} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, status, `{"error":"x"}`) })
		_, err := f.app(t).FindLinked(t.Context(), "github", "42")
		if u, ok := errors.AsType[*keycloak.UnavailableError](err); !ok || errors.Is(err, keycloak.ErrNotFound) {
			t.Errorf("%d: %v %v", status, u, err)
		}
	}
	f := newFake(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	for _, id := range []string{"", "a\nb", strings.Repeat("x", 256)} {
		if _, err := f.app(t).FindLinked(t.Context(), "github", id); !errors.Is(err, keycloak.ErrBadID) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
