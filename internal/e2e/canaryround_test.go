package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// canarySecrets are of the canary's client and user; the realm is thrown away with the stack.
var canarySecrets = []string{"CANARY_CLIENT_SECRET=canary-secret-of-a-test", "CANARY_PASSWORD=canary-password-of-a-test", "CANARY_DISABLE=on"}

// canaryWatches: a round is whole; then, with the worker stopped, and with Keycloak refusing, it says so within one
// period. That the listener is missing is noticed by canaryMissesTheListener.
func canaryWatches(s *system, t *testing.T) {
	s.canarySetUp(t)
	if bad := s.canary(t, "30s"); bad != "" {
		t.Fatal(bad)
	}
	must(t, syscall.Kill(s.stack.Env.WorkerPID, syscall.SIGSTOP))
	bad := s.canary(t, "2s")
	must(t, syscall.Kill(s.stack.Env.WorkerPID, syscall.SIGCONT))
	if !strings.HasPrefix(bad, "revoked: ") {
		t.Errorf("the worker is stopped, and the canary says %q", bad)
	}
	var found []struct{ ID string }
	_, err := s.keycloak.Call(t.Context(), http.MethodGet, "/clients?clientId=tokenstate-canary", nil, &found)
	must(t, err)
	switched := func(on bool) {
		_, err := s.keycloak.Call(t.Context(), http.MethodPut, "/clients/"+found[0].ID, map[string]any{"enabled": on}, nil)
		must(t, err)
	}
	switched(false)
	if bad := s.canary(t, "2s"); !strings.HasPrefix(bad, "login: ") {
		t.Errorf("Keycloak refuses, and the canary says %q", bad)
	}
	switched(true)
	if bad := s.canary(t, "30s"); bad != "" {
		t.Error(bad)
	}
}

// canaryMissesTheListener: the backfill finds a logout some seconds later, and that is too late. A look of another
// reason, or of the round before, may come in time by chance, and does on a slow machine; it does not each time.
func canaryMissesTheListener(s *system, t *testing.T) {
	s.canarySetUp(t)
	var bad string
	for range 10 {
		if bad = s.canary(t, "2s"); bad != "" {
			break
		}
	}
	if !strings.HasPrefix(bad, "revoked: ") && !strings.HasPrefix(bad, "key_stops: ") {
		t.Errorf("there is no listener, and the canary says %q", bad)
	}
	if bad := s.canary(t, "60s"); bad != "" {
		t.Errorf("the backfill finds it, and the canary says %q", bad)
	}
}

func (s *system) canarySetUp(t *testing.T) {
	t.Helper()
	out, err := s.canaryRun(t, "setup", "--canary")
	if err != nil {
		t.Fatalf("setup --canary: %v\n%s", err, out)
	}
	out, err = s.canaryRun(t, "setup", "--canary", "--output", "json")
	must(t, err)
	var steps []struct{ What, Changed string }
	must(t, json.Unmarshal(out, &steps))
	for _, one := range steps {
		if one.Changed != "" {
			t.Errorf("a second setup changes %s: %s", one.What, one.Changed)
		}
	}
}

// canary plays a round, and gives the stage that failed with its fault; "": none did.
func (s *system) canary(t *testing.T, patience string) string {
	t.Helper()
	out, err := s.canaryRun(t, "canary", "--once", "--output", "json", "--patience", patience)
	var stages []struct{ Stage, Fault string }
	if json.Unmarshal(out, &stages) != nil || len(stages) == 0 {
		t.Fatalf("canary: %v\n%s", err, out)
	}
	for _, one := range stages {
		if one.Fault != "" {
			return one.Stage + ": " + one.Fault
		}
	}
	if err != nil {
		t.Fatalf("every stage is whole, and %v", err)
	}
	return ""
}

func (s *system) canaryRun(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.root, ".dev", "bin", "revocation-worker"), args...)
	cmd.Env, cmd.Stderr = append(s.stack.Env.Pairs(), canarySecrets...), os.Stderr
	return cmd.Output()
}
