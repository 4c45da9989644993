package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/ops"
)

// Ensure migrate says in words where the schema is, and what a time must look like.
func TestInWords(t *testing.T) {
	w := newWorld(t)
	if out := w.must("migrate", "status"); !strings.HasPrefix(out, "up to date (") {
		t.Errorf("status: %s", out)
	}
	if out := w.must("migrate", "up", "--dry-run"); !strings.HasPrefix(out, "up to date (") {
		t.Errorf("a dry run: %s", out)
	}
	if got := whereItIs(44, 46); got != "2 to apply: the database is at 44, this program is made for 46" {
		t.Error(got)
	}
	if _, err := w.run("revoke", "--realm", "demo", "--user", "a", "--reason", "x", "--before", "tomorrow"); !errors.Is(err, ops.ErrUsage) || !strings.Contains(err.Error(), "2026-01-02T15:04:05Z") {
		t.Errorf("a time: %v", err)
	}
	for _, name := range []string{"KEYCLOAK_ADMIN", "KEYCLOAK_ADMIN_PASSWORD", "KEYCLOAK_URL"} {
		t.Setenv(name, "")
	}
	_, err := w.run("setup", "--realm", "demo")
	for _, name := range []string{"KEYCLOAK_ADMIN", "KEYCLOAK_ADMIN_PASSWORD", "KEYCLOAK_URL"} {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("setup without %s: %v", name, err)
		}
	}
}
