package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// command runs one of ours as an operator does, and gives what it printed.
func (w *world) command(args ...string) (string, error) {
	w.t.Helper()
	for name, value := range map[string]string{
		"DATABASE_URL": w.pool.Config().ConnString(), "KEYCLOAK_REALM": "demo", "AUTHAPI_KEYSET_FILE": w.files.Keyset,
		"AUTHAPI_PEPPER_FILE": w.files.Pepper, "AUTHAPI_MASTER_FILE": w.files.Master, "AUTHAPI_SNAPSHOT_FILE": w.files.Snapshot,
	} {
		w.t.(*testing.T).Setenv(name, value)
	}
	var out bytes.Buffer
	app := program()
	app.Writer, app.ErrWriter = &out, &out
	err := app.Run(w.t.Context(), append([]string{"authapi"}, args...))
	return out.String(), err
}

func (w *world) ok(args ...string) string {
	w.t.Helper()
	out, err := w.command(args...)
	if err != nil {
		w.t.Fatalf("authapi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func decoded[T any](t *testing.T, text string) (v T) {
	t.Helper()
	must(t, json.Unmarshal([]byte(text), &v))
	return v
}

// Ensure keys are listed, shown and revoked by operators, and that none is shown whole.
func TestKeysCommand(t *testing.T) {
	w := newWorld(t)
	system, own := w.mint("automation"), w.create(map[string]any{"name": "laptop"})
	list := w.ok("keys", "list", "-o", "json")
	if ks := decoded[[]keyLine](t, list); len(ks) != 2 || strings.Contains(list, system[17:40]) || strings.Contains(list, own.text("key")[17:40]) {
		t.Fatalf("%s", list)
	}
	if out := w.ok("keys", "show", own.text("id")); !strings.Contains(out, "laptop") {
		t.Errorf("%s", out)
	}
	if out, err := w.command("keys", "revoke", "--kind", "system", "--reason", "r", "--dry-run"); !errors.Is(err, ops.ErrDifferences) || !strings.Contains(out, "automation") {
		t.Errorf("%v %s", err, out)
	}
	for _, args := range [][]string{{"--reason", "r"}, {"--user", "u", "--reason", "r", "id"}, {"--kind", "odd", "--reason", "r"}, {"--before", "now", "--reason", "r"}} {
		if _, err := w.command(append([]string{"keys", "revoke"}, args...)...); !errors.Is(err, ops.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := w.command("keys", "revoke", "--reason", "r", own.text("id"), "nobody"); err == nil {
		t.Error("a key that is not there was revoked")
	}
	w.caughtUp()
	w.me(own.text("key")).want(t, http.StatusOK)
	w.ok("keys", "revoke", "--kind", "system", "--reason", "the master was stolen")
	w.ok("keys", "revoke", own.text("id"), "--reason", "r")
	w.caughtUp()
	w.me(system).want(t, http.StatusUnauthorized, "reason", "revoked")
	w.me(own.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
	if w.mint("automation") == system {
		t.Error("a mint gave the revoked key again")
	}
	rows, err := w.store.Outbox(t.Context(), 10)
	must(t, err)
	if len(rows) != 2 || !strings.Contains(string(rows[0].Raw), "the master was stolen") {
		t.Errorf("%d orders", len(rows))
	}
}

func TestServiceKeysCommand(t *testing.T) {
	w := newWorld(t)
	key := strings.TrimSpace(w.ok("service-keys", "add", "--name", "gw", "--realm", "demo", "--scope", "introspect"))
	if out := w.ok("service-keys", "list", "-o", "json"); !strings.Contains(out, `"gw"`) || strings.Contains(out, key) {
		t.Errorf("%s", out)
	}
	w.caughtUp()
	w.introspect("token=x", "X-Service-API-Key", key).want(t, http.StatusUnauthorized) // two credentials are none
	w.ask(http.MethodPost, "/oauth2/introspect", "token=x", "Content-Type", form, "X-Service-API-Key", key).want(t, http.StatusOK)
	w.ok("service-keys", "remove", "gw")
	w.caughtUp()
	w.ask(http.MethodPost, "/oauth2/introspect", "token=x", "Content-Type", form, "X-Service-API-Key", key).want(t, http.StatusUnauthorized)
	if _, err := w.command("service-keys", "remove", "gw"); err == nil {
		t.Error("removed twice")
	}
}

// Ensure each file of secrets is rotated by the commands from beginning to end while keys and
// tokens go on working, and that nothing which is needed can be dropped by mistake.
func TestSecretsRotate(t *testing.T) {
	w := newWorld(t)
	own, system := w.create(map[string]any{"name": "n"}).text("key"), w.mint("automation")
	w.put(offline("s", now()))
	rolledOut := func() *world { // every replica has the files
		t.Helper()
		held, err := vault.Load(w.files)
		must(t, err)
		w.held = held
		return w.replica()
	}
	old := map[string]string{}
	for _, kind := range []string{"pepper", "master", "keyset", "snapshot"} {
		ids, err := vault.IDs(vault.Kind(kind), w.files.Path(vault.Kind(kind)))
		must(t, err)
		old[kind] = ids[0]
		if _, err := w.command("secrets", "rotate", "--drop", ids[0], kind); err == nil {
			t.Errorf("%s: the only key was dropped", kind)
		}
		added := decoded[map[string]string](t, w.ok("secrets", "rotate", "-o", "json", kind))["id"]
		rolledOut().me(own).want(t, http.StatusOK)
		w.ok("secrets", "rotate", "--promote", added, kind)
		if _, err := w.command("secrets", "rotate", "--drop", ids[0], kind); err == nil && kind != "snapshot" {
			t.Errorf("%s: a key that is needed was dropped", kind)
		}
	}
	r := rolledOut()
	r.me(own).want(t, http.StatusOK)
	r.me(system).want(t, http.StatusOK)
	r.backend(http.MethodGet, userKeys, nil).want(t, http.StatusOK)
	if r.mint("automation") != system {
		t.Error("a mint gave another key")
	}
	r.access().want(t, http.StatusOK, "source", "refresh") // and the token is sealed anew
	if under, err := w.store.SealedUnder(t.Context()); err != nil || len(under) != 1 || under[old["keyset"]] != 0 {
		t.Errorf("%v %v", under, err)
	}
	r.server.Flush(t.Context())
	w.ok("secrets", "rotate", "--drop", old["keyset"], "keyset")
	w.ok("secrets", "rotate", "--drop", old["pepper"], "pepper")
	w.ok("secrets", "rotate", "--drop", old["master"], "--force", "master")
	check := decoded[[]keyUse](t, w.ok("secrets", "check", "-o", "json"))
	for _, u := range check {
		if u.Missing != (u.ID == noMaster) || u.Present == u.Missing {
			t.Errorf("%+v", u)
		}
	}
	r = rolledOut()
	r.me(own).want(t, http.StatusOK)
	r.me(system).want(t, http.StatusOK) // by its digest
	if r.mint("automation") == system {
		t.Error("a mint gave a key that nobody can derive")
	}
}

// Ensure check says what is missing, and reseal moves what nobody uses.
func TestSecretsCheck(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.put(offline("s2", now()))
	id := decoded[map[string]string](t, w.ok("secrets", "rotate", "-o", "json", "keyset"))["id"]
	w.ok("secrets", "rotate", "--promote", id, "keyset")
	if out := decoded[map[string]int](t, w.ok("secrets", "reseal", "-o", "json")); out["resealed"] != 2 || out["broken"] != 0 {
		t.Errorf("%v", out)
	}
	under, err := w.store.SealedUnder(t.Context())
	must(t, err)
	if under[id] != 2 {
		t.Errorf("%v", under)
	}
	elsewhere := vault.In(t.TempDir()) // somebody put other files in their place
	must(t, vault.Generate(elsewhere))
	w.files = elsewhere
	if out, err := w.command("secrets", "check"); !errors.Is(err, ops.ErrDifferences) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := w.command("secrets", "reseal"); !errors.Is(err, ops.ErrDifferences) {
		t.Errorf("%v\n%s", err, out)
	}
	must(t, os.Chmod(w.files.Master, 0o644))
	if _, err := w.command("secrets", "check"); err == nil {
		t.Error("loose rights are not told")
	}
	for _, args := range [][]string{{}, {"odd"}, {"--promote", "a", "--drop", "b", "pepper"}} {
		if _, err := w.command(append([]string{"secrets", "rotate"}, args...)...); !errors.Is(err, ops.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestAuditCommand(t *testing.T) {
	w := newWorld(t)
	w.create(map[string]any{"name": "n"})
	w.server.Flush(t.Context())
	if out := w.ok("audit", "list"); !strings.Contains(out, "service:all") || !strings.Contains(out, "POST /v1/users/{user_id}/api-keys") {
		t.Errorf("%s", out)
	}
	if out := decoded[map[string]any](t, w.ok("audit", "verify", "-o", "json")); out["acts"] != 1.0 || len(out["head"].(string)) != 64 {
		t.Errorf("%v", out)
	}
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.act SET status = 500")
	must(t, err)
	for _, verb := range []string{"list", "verify"} {
		if _, err := w.command("audit", verb); !errors.Is(err, ops.ErrDifferences) {
			t.Errorf("%s: %v", verb, err)
		}
	}
}
