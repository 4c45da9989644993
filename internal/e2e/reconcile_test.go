package e2e

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenstate/tokenstate/internal/recovery"
)

// reconciled: deaths without events, which nothing tells of, are listed exactly by a dry run; after
// a reconcile there is nothing to list.
func reconciled(s *system, t *testing.T) {
	s.eventsKept(false) // neither a listener nor an event store
	dead, _ := s.login()
	disabled, _ := s.login()
	living, _ := s.login()
	closed := keyOf(s, disabled, "closed")
	for _, user := range []string{dead, disabled, living} {
		s.until(user, "usable")
	}
	must(t, s.stack.Kill("worker", syscall.SIGTERM)) // or it looks by itself because of something else
	s.endSessions(dead)
	must(t, s.keycloak.Enable(t.Context(), disabled, false))
	var users []string
	for _, d := range s.dryRun() {
		users = append(users, d.User+" "+d.After)
		t.Logf("%+v", d)
	}
	if len(users) != 3 { // the dead token, the suspended one, and a key
		t.Errorf("a dry run finds %q, not the token of %s, the token and the key of %s", users, dead, disabled)
	}
	for _, want := range []string{dead + " revoked user_not_before", disabled + " suspended user_disabled", disabled + " refused user_disabled"} {
		if !strings.Contains(strings.Join(users, "\n"), want) {
			t.Errorf("a dry run finds %q, not %q", users, want)
		}
	}
	must(t, s.stack.Restart(t.Context(), "worker"))
	s.worker("reconcile")
	s.until(dead, "revoked")
	s.until(disabled, "suspended")
	s.until(living, "usable")
	if me, err := s.backend.Me(t.Context(), closed); err != nil || me.Text("reason") != "user_disabled" {
		t.Errorf("the key of a disabled user: %d %v, %v", me.Status, me.Body, err)
	}
	if left := s.dryRun(); len(left) != 0 {
		t.Errorf("after reconcile a dry run still finds %v", left)
	}
	s.eventsKept(true)
	must(t, s.keycloak.Enable(t.Context(), disabled, true))
	s.until(disabled, "usable")
}

func (s *system) dryRun() (ds []recovery.Difference) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(s.root, ".dev", "bin", "revocation-worker"), "reconcile", "--dry-run", "-o", "json")
	cmd.Env = s.stack.Env.Pairs()
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 3) {
		s.t.Fatalf("reconcile --dry-run: %v\n%s", err, out)
	}
	must(s.t, json.Unmarshal(out, &ds))
	if (err != nil) != (len(ds) > 0) {
		s.t.Errorf("%d differences, and the end is %v", len(ds), err)
	}
	return ds
}
