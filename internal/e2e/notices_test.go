package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenstate/tokenstate/internal/play"
)

// notified: a logout is told once, whoever works, and however often the log is learnt; a new login ends it.
func notified(s *system, t *testing.T) {
	user, tokens := s.login()
	name := fmt.Sprintf("user-%d", s.people)
	s.until(user, "usable")
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.untilTold(user, "login.needed")
	must(t, s.stack.Kill("worker", syscall.SIGKILL))
	must(t, s.stack.Restart(t.Context(), "worker"))
	s.worker("replay", "--from", "beginning")
	again, err := s.keycloak.Grant(t.Context(), "app", name, play.Offline)
	must(t, err)
	a, err := s.backend.Store(t.Context(), again)
	must(t, err)
	if a.Status != http.StatusCreated {
		t.Fatalf("store: %d %v", a.Status, a.Body)
	}
	s.untilTold(user, "login.needed", "login.restored") // what was told twice would be told before the login
}

// untilTold waits until the notices about a user are these and no others.
func (s *system) untilTold(user string, want ...string) {
	s.t.Helper()
	s.wait("the notice "+want[len(want)-1], func() (bool, string) {
		var got []string
		for after := "0"; ; {
			a, err := s.backend.Call(s.t.Context(), http.MethodGet, "/v1/notices?limit=1000&after="+after, "", nil)
			if err != nil || a.Status != http.StatusOK {
				return false, fmt.Sprint(a.Status, err)
			}
			items := a.Body["items"].([]any)
			if len(items) == 0 {
				return slices.Equal(got, want), fmt.Sprint(got)
			}
			for _, one := range items {
				if n := one.(map[string]any); n["subject"] == user {
					got = append(got, strings.TrimPrefix(fmt.Sprint(n["type"]), "io.tokenstate."))
				}
			}
			after = a.Text("next_after")
		}
	})
}
