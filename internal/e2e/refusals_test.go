package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/play"
)

// refusalsThatNoLookShows: the client needs a consent that nobody gave, which no look shows: the verdict is in doubt. The
// refresh is attempted; its refusal closes exactly that token until it is tried again, and a
// success, which the backend reports, opens it.
func refusalsThatNoLookShows(s *system, t *testing.T) {
	user, tokens := s.login()
	another, _ := s.login()
	var found []struct{ ID string }
	_, err := s.keycloak.Call(t.Context(), http.MethodGet, "/clients?clientId=app", nil, &found)
	must(t, err)
	consent := func(required bool) {
		_, err := s.keycloak.Call(t.Context(), http.MethodPut, "/clients/"+found[0].ID, map[string]any{"clientId": "app", "consentRequired": required}, nil)
		must(t, err)
	}
	consent(true)
	s.wait("a doubt", func() (bool, string) {
		v, err := s.backend.Decide(t.Context(), []play.Question{{User: user}})
		return err == nil && v[0].State == "usable" && v[0].InDoubt, fmt.Sprint(v, err)
	})
	refused, err := s.backend.Access(t.Context(), user)
	must(t, err)
	consent(false)
	if refused.Status == http.StatusOK || refused.Text("reason") != "refused" {
		t.Fatalf("a refresh without consent: %d %v", refused.Status, refused.Body)
	}
	s.until(user, "suspended") // and the look that follows the refusal does not lift it
	s.until(another, "usable")
	c, err := tokens.Claims()
	must(t, err)
	told, err := s.backend.Call(t.Context(), http.MethodPost, "/v1/refresh-outcomes", "", map[string]any{
		"user_id": user, "client_id": "app", "session_id": c.Session, "issued_at": c.IssuedAt, "status": http.StatusOK,
	})
	must(t, err)
	if told.Status != http.StatusAccepted {
		t.Fatalf("%d %v", told.Status, told.Body)
	}
	s.until(user, "usable")
	again, err := s.backend.Access(t.Context(), user)
	must(t, err)
	if again.Status != http.StatusOK {
		t.Fatalf("after the success: %d %v", again.Status, again.Body)
	}
}
