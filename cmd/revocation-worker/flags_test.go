package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/settings/settingstest"
)

// Ensure each setting has one flag, whichever command it is of.
func TestOneFlagForASetting(t *testing.T) { settingstest.OneFlagEach(t, program()) }

// Ensure run names all that it lacks at once.
func TestRunNamesAllThatIsMissing(t *testing.T) {
	names := []string{"DATABASE_URL", "NATS_URL", "KEYCLOAK_URL", "WORKER_KEYCLOAK_CLIENT_ID", "WORKER_KEYCLOAK_CLIENT_SECRET"}
	for _, name := range append([]string{"PGHOST", "PGDATABASE"}, names...) {
		t.Setenv(name, "")
	}
	err := program().Run(t.Context(), []string{"revocation-worker", "run"})
	for _, name := range names {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Ensure the file of run serves the operator's commands.
func TestOneConfigurationFile(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "worker.yaml")
	must(t, os.WriteFile(path, []byte("keycloak_url: https://id.example\nworker_sweep: 1h\nworker_look_rate: 5\nworker_admin_addr: 127.0.0.1:1\nkeycloak_realm: demo\n"), 0o600))
	t.Setenv("WORKER_CONFIG", path)
	t.Setenv("KEYCLOAK_REALM", "")
	for _, args := range [][]string{{"migrate", "status"}, {"parked", "list"}, {"verify"}} {
		w.must(args...)
	}
	if _, err := w.run("healthcheck"); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("healthcheck does not say where it asked: %v", err)
	}
}
