package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

// fourWeeks is how long ago a session was last used that Keycloak ends in two days: its idle time is thirty.
const fourWeeks = 28 * 24 * 60 * 60

// toldBeforeItEnds: that a login ends soon is told once, whoever works, and however often the log is learnt; and once it has
// ended a new login is needed.
func toldBeforeItEnds(s *system, t *testing.T) {
	user, tokens := s.login()
	s.until(user, "usable")
	s.unused(user, fourWeeks)
	must(t, s.keycloak.Enable(t.Context(), user, true)) // which changes nothing, and has the user looked at
	s.untilTold(user, "login.expiring")
	must(t, s.stack.Kill("worker", syscall.SIGKILL))
	must(t, s.stack.Restart(t.Context(), "worker"))
	s.worker("replay", "--from", "beginning")
	must(t, s.keycloak.Logout(t.Context(), tokens))
	s.untilTold(user, "login.expiring", "login.needed")
}

// unused has a user's sessions last used so many seconds earlier than they were: in Keycloak's database, while it is down.
func (s *system) unused(user string, seconds int) {
	s.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.stack.Env.KeycloakPID))
	must(s.t, err)
	var home, url string
	for arg := range strings.SplitSeq(string(raw), "\x00") {
		if dir, is := strings.CutPrefix(arg, "-Dkc.home.dir="); is {
			home = dir
		}
		if to, is := strings.CutPrefix(arg, "--db-url="); is {
			url = to
		}
	}
	jars, err := filepath.Glob(filepath.Join(home, "lib", "lib", "main", "com.h2database.h2-*.jar"))
	must(s.t, err)
	if len(jars) != 1 || url == "" {
		s.t.Fatalf("Keycloak's database: %q, by %v", url, jars)
	}
	must(s.t, s.stack.Kill("keycloak", syscall.SIGTERM))
	for _, change := range []string{
		`UPDATE OFFLINE_CLIENT_SESSION SET "TIMESTAMP" = "TIMESTAMP" - %[1]d WHERE USER_SESSION_ID IN (SELECT USER_SESSION_ID FROM OFFLINE_USER_SESSION WHERE USER_ID = '%[2]s')`,
		`UPDATE OFFLINE_USER_SESSION SET CREATED_ON = CREATED_ON - %[1]d, LAST_SESSION_REFRESH = LAST_SESSION_REFRESH - %[1]d WHERE USER_ID = '%[2]s'`,
	} {
		out, err := exec.CommandContext(s.t.Context(), "java", "-cp", jars[0], "org.h2.tools.Shell", "-url", url,
			"-user", "", "-password", "", "-sql", fmt.Sprintf(change, seconds, user)).CombinedOutput()
		if err != nil {
			s.t.Fatalf("%v\n%s", err, out)
		}
		s.t.Logf("%s", out)
	}
	must(s.t, s.stack.Restart(s.t.Context(), "keycloak"))
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
