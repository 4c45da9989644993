package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/openhands/openhandstest"
)

// adopted: an OpenHands database is taken over with a token that a real Keycloak gave. The token is
// refreshed as any other, and after the logout the old key goes on working.
func adopted(s *system, t *testing.T) {
	ctx := t.Context()
	user, tokens := s.keycloakOnly()
	database := s.openHands(user, tokens.Refresh)
	file := filepath.Join(t.TempDir(), "keys")
	must(t, os.WriteFile(file, []byte(openhandstest.Keys), 0o600))
	cmd := exec.CommandContext(ctx, filepath.Join(s.root, ".dev", "bin", "authapi"), "import", "openhands", "-o", "json")
	cmd.Env = append(s.stack.Env.Pairs(), "OPENHANDS_DATABASE_URL="+database, "OPENHANDS_SECRETS_FILE="+file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("import: %v: %s", err, out)
	}
	s.until(user, "usable")
	a, err := s.backend.Access(ctx, user)
	must(t, err)
	if a.Status != http.StatusOK || a.Text("source") != "refresh" {
		t.Fatalf("an access token of what was taken over: %d %v", a.Status, a.Body)
	}
	s.wait("Keycloak's word on the token", func() (bool, string) {
		a, err := s.backend.Call(ctx, http.MethodGet, "/v1/users/"+user+"/offline-tokens", "", nil)
		return err == nil && a.Text("items.0.verified") == "true", fmt.Sprint(a.Body, err)
	})
	must(t, s.keycloak.Logout(ctx, tokens))
	s.until(user, "revoked")
	if me, err := s.backend.Me(ctx, openhandstest.Value(1)); err != nil || me.Status != http.StatusOK || me.Text("key.kind") != "legacy" || me.Text("token.state") != "revoked" {
		t.Errorf("the old key after the logout: %d %v %v", me.Status, me.Body, err)
	}
	must(t, s.keycloak.Enable(ctx, user, false))
	s.wait("the old key's end with its owner", func() (bool, string) {
		me, err := s.backend.Me(ctx, openhandstest.Value(1))
		return err == nil && me.Text("reason") == "user_disabled", me.Text("reason")
	})
}

// openHands makes a database as OpenHands has it, with one user's key and offline token.
func (s *system) openHands(user, refresh string) (url string) {
	s.t.Helper()
	ctx := s.t.Context()
	owner, err := pgx.Connect(ctx, s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer func() { _ = owner.Close(context.WithoutCancel(ctx)) }()
	_, err = owner.Exec(ctx, "CREATE DATABASE openhands")
	must(s.t, err)
	url = strings.Replace(s.stack.Env.DatabaseURL, "/tokenstate?", "/openhands?", 1)
	conn, err := pgx.Connect(ctx, url)
	must(s.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	value, err := openhandstest.Encrypt(2, refresh)
	must(s.t, err)
	_, err = conn.Exec(ctx, openhandstest.Schema)
	must(s.t, err)
	_, err = conn.Exec(ctx, "INSERT INTO api_keys (key, user_id, name) VALUES ($1, $2, '__SYSTEM__:automation')", openhandstest.Value(1), user)
	must(s.t, err)
	_, err = conn.Exec(ctx, "INSERT INTO offline_tokens (user_id, offline_token) VALUES ($1, $2)", user, value)
	must(s.t, err)
	return url
}
