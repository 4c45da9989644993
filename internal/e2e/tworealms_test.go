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

	"github.com/tokenstate/tokenstate/internal/play"
)

// twoRealms are served by one authapi and one worker, each with a credential of its own, strictly
// apart: what is stored, minted, asked and ended in the one is nothing in the other.
func twoRealms(s *system, t *testing.T) {
	const other = "Zweiter Kreis.größer 100%" // any name that Keycloak takes: a subject of NATS cannot carry it as it is
	ctx := t.Context()
	must(t, s.keycloak.Admin.NewRealm(ctx, other))
	t.Cleanup(func() { must(t, s.keycloak.Admin.DeleteRealm(context.WithoutCancel(ctx), other)) })
	secret, file := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "realms.yaml")
	must(t, os.WriteFile(secret, []byte(s.stack.Env.KeycloakClientSecret), 0o600))
	must(t, os.WriteFile(file, fmt.Appendf(nil, "realms:\n- realm: %s\n  keycloak_url: %s\n  client_id: app\n  client_secret_file: %s\n", other, s.stack.Env.KeycloakURL, secret), 0o600))
	demo := s.replica("AUTHAPI_REALMS_FILE=" + file)
	second := demo.As(s.credential(other))
	s.wait("the credential that was just made", func() (bool, string) {
		v, err := second.Decide(ctx, []play.Question{{User: "nobody"}})
		return err == nil, fmt.Sprint(v, err)
	})
	there := *s.keycloak
	there.Realm = other

	user, err := there.NewUser(ctx, "somebody")
	must(t, err)
	tokens, err := there.Grant(ctx, "app", "somebody", play.Offline)
	must(t, err)
	a, err := demo.Store(ctx, tokens)
	must(t, err)
	if a.Status/100 != 4 {
		t.Errorf("a token of the other realm is stored: %d", a.Status)
	}
	a, err = demo.Mint(ctx, user, "o", "n")
	must(t, err)
	if a.Status != http.StatusNotFound {
		t.Errorf("a key for a user of the other realm: %d %v", a.Status, a.Body)
	}
	a, err = second.Store(ctx, tokens)
	must(t, err)
	if a.Status != http.StatusCreated {
		t.Fatalf("store: %d %v", a.Status, a.Body)
	}
	a, err = second.Mint(ctx, user, "o", "n")
	must(t, err)
	key := a.Text("key")
	living, _ := s.login()

	q := []play.Question{{User: user}}
	settled := func(b *play.Backend, state string) {
		t.Helper()
		s.wait(state, func() (bool, string) {
			v, err := b.Decide(ctx, q)
			return err == nil && v[0].State == state && !v[0].InDoubt, fmt.Sprint(v, err)
		})
	}
	settled(second, "usable")
	settled(demo, "unknown")
	if a, err = second.Access(ctx, user); err != nil || a.Status != http.StatusOK {
		t.Errorf("an access token of the second realm: %d %v %v", a.Status, a.Body, err)
	}
	if a, err = demo.Access(ctx, user); err != nil || a.Status != http.StatusNotFound {
		t.Errorf("an access token across realms: %d %v %v", a.Status, a.Body, err)
	}
	must(t, there.Logout(ctx, tokens))
	settled(second, "revoked")
	if a, err = demo.Me(ctx, key); err != nil || a.Status != http.StatusOK || a.Text("realm") != other {
		t.Errorf("the key after the logout: %d %v %v", a.Status, a.Body, err)
	}
	must(t, s.keycloak.Admin.DeleteRealm(ctx, other))
	s.wait("the key's end with its realm", func() (bool, string) {
		a, err := demo.Me(ctx, key)
		return err == nil && a.Status == http.StatusUnauthorized, fmt.Sprint(a, err)
	})
	s.until(living, "usable")
	s.worker("reconcile") // ends: who was in the realm has gone with it, and is asked for no more
}

// credential makes a service credential of a realm, with all scopes that backends have.
func (s *system) credential(realm string) string {
	s.t.Helper()
	args := []string{"service-keys", "add", "--name", realm, "--realm", realm, "--force"} // nothing may have been heard of it yet
	for scope := range strings.FieldsSeq("mint keys tokens:write tokens:use decide standing logout explain introspect") {
		args = append(args, "--scope", scope)
	}
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(s.root, ".dev", "bin", "authapi"), args...)
	cmd.Env = s.stack.Env.Pairs()
	out, err := cmd.Output()
	must(s.t, err)
	return strings.TrimSpace(string(out))
}
