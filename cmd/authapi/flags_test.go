package main

import (
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/settings/settingstest"
)

// Ensure each setting has one flag, whichever command it is of.
func TestOneFlagForASetting(t *testing.T) { settingstest.OneFlagEach(t, program()) }

// Ensure serve names all that it lacks at once.
func TestServeNamesAllThatIsMissing(t *testing.T) {
	for _, name := range []string{"DATABASE_URL", "PGHOST", "PGDATABASE", "KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"} {
		t.Setenv(name, "")
	}
	err := program().Run(t.Context(), []string{"authapi", "serve"})
	if err == nil {
		t.Fatal("it serves")
	}
	for _, name := range append([]string{"DATABASE_URL", "KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"}, fileSettings...) {
		if strings.Count(err.Error(), name+" is not set") != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
