package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// command runs one of ours as an operator does, and gives what it printed.
func (w *world) command(args ...string) (string, error) {
	w.t.Helper()
	for name, value := range map[string]string{
		"DATABASE_URL": w.pool.Config().ConnString(), "KEYCLOAK_REALM": w.realm, "AUTHAPI_KEYSET_FILE": w.files.Keyset,
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
	if out, err := w.command("keys", "revoke", "--all", "--kind", "system", "--reason", "r", "--dry-run"); !errors.Is(err, ops.ErrDifferences) || !strings.Contains(out, "automation") {
		t.Errorf("%v %s", err, out)
	}
	for _, args := range [][]string{
		{"--reason", "r"},
		{"--user", "u", "--reason", "r", "id"},
		{"--kind", "odd", "--reason", "r"},
		{"--user", "u", "--before", "now", "--reason", "r"},
		{"--kind", "system", "--reason", "r"},
		{"--all", "--user", "u", "--reason", "r"},
		{"--all", "--reason", "r"},
		{"--all", "--reason", "r", "id"},
	} {
		if _, err := w.command(append([]string{"keys", "revoke"}, args...)...); !errors.Is(err, ops.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := w.command("keys", "revoke", "--reason", "r", own.text("id"), "nobody"); err == nil {
		t.Error("a key that is not there was revoked")
	}
	w.caughtUp()
	w.me(own.text("key")).want(t, http.StatusOK)
	w.ok("keys", "revoke", "--all", "--yes", "--kind", "system", "--reason", "the master was stolen")
	w.ok("keys", "revoke", own.text("id"), "--reason", "r")
	w.caughtUp()
	w.me(system).want(t, http.StatusUnauthorized, "reason", "revoked")
	w.me(own.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
	if out, err := w.command("keys", "revoke", "--user", "nobody", "--reason", "r"); !errors.Is(err, ops.ErrNothingReached) {
		t.Errorf("nobody's keys: %v %s", err, out)
	}
	if w.mint("automation") == system {
		t.Error("a mint gave the revoked key again")
	}
	rows, err := w.store.Outbox(t.Context(), 10)
	must(t, err)
	if len(rows) != 2 || !strings.Contains(string(rows[0].Raw), "the master was stolen") {
		t.Errorf("%d orders", len(rows))
	}
}

// Ensure an empty variable of a shell does not select everybody.
func TestNoKeyIsSelectedByAnEmptyFlag(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	for flag, args := range map[string][]string{"--user": {"--user", ""}, "--kind": {"--kind", "", "--user", "u"}, "argument 1": {""}} {
		_, err := w.command(append([]string{"keys", "revoke", "--reason", "r"}, args...)...)
		if !errors.Is(err, settings.ErrConfiguration) || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v: %v", args, err)
		}
	}
	w.caughtUp()
	w.me(key).want(t, http.StatusOK)
}

// Ensure an id of another realm than KEYCLOAK_REALM says is neither shown nor revoked.
func TestKeysCommandOfAnotherRealm(t *testing.T) {
	w := newWorld(t)
	own := w.create(map[string]any{"name": "laptop"})
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET realm = 'other'")
	must(t, err)
	for _, args := range [][]string{{"keys", "show"}, {"keys", "revoke", "--reason", "r"}} {
		if out, err := w.command(append(args, own.text("id"))...); !errors.Is(err, ops.ErrUsage) || strings.Contains(out, "laptop") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	if rows, err := w.store.Outbox(t.Context(), 10); err != nil || len(rows) != 0 {
		t.Errorf("%d orders %v", len(rows), err)
	}
	w.realm = ""
	if out := w.ok("keys", "show", own.text("id")); !strings.Contains(out, "laptop") {
		t.Errorf("without a realm: %s", out)
	}
}

// Ensure every command that says something says it in JSON, too.
func TestCommandsHaveOutput(t *testing.T) {
	var look func(path string, c *cli.Command)
	look = func(path string, c *cli.Command) {
		path += " " + c.Name
		for _, sub := range c.Commands {
			look(path, sub)
		}
		says := len(c.Commands) == 0 && c.Name != "serve" && c.Name != "console" // these answer until told to stop
		if says && !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "o") }) {
			t.Errorf("%s has no -o", path)
		}
	}
	look("", program())
}

// Ensure generate says in JSON where the files are, and service-keys add what it made.
func TestOutputOfSecretsGenerate(t *testing.T) {
	w := newWorld(t)
	w.files = vault.In(t.TempDir())
	if made := decoded[map[string]string](t, w.ok("secrets", "generate", "-o", "json")); made["pepper"] != w.files.Pepper || len(made) != 4 {
		t.Errorf("%v", made)
	}
	line := decoded[serviceKeyLine](t, w.ok("service-keys", "add", "--name", "gw", "--realm", "demo", "--scope", "mint", "-o", "json"))
	if line.Name != "gw" || line.Realm != "demo" || len(line.Scopes) != 1 || !strings.HasPrefix(line.Key, apikey.Prefix) {
		t.Errorf("%+v", line)
	}
}

// Ensure what operators do with credentials and secrets is in the audit, with who, why and how it
// ended, and that nothing of it is a secret.
func TestOperatorsAreAudited(t *testing.T) {
	w := newWorld(t)
	key := strings.TrimSpace(w.ok("service-keys", "add", "--name", "gw", "--realm", "demo", "--scope", "introspect", "--by", "ann", "--reason", "a new gateway"))
	w.ok("service-keys", "remove", "gw", "--by", "ann", "--reason", "gone")
	id := decoded[map[string]string](t, w.ok("secrets", "rotate", "-o", "json", "keyset"))["id"]
	w.ok("secrets", "rotate", "--promote", id, "keyset")
	w.ok("secrets", "reseal", "--reason", "rotation")
	if _, err := w.command("secrets", "rotate", "--drop", "none-such", "keyset"); err == nil {
		t.Error("dropped what is not there")
	}
	out := w.ok("audit", "list", "-o", "json")
	var got []string
	for _, a := range decoded[[]keyrows.Act](t, out) {
		got = append(got, fmt.Sprint(a.Realm, "|", a.Action, "|", a.Target, "|", a.Status, "|", a.Request))
		if a.Actor != "ann" && a.Actor != whoami() {
			t.Errorf("by %s", a.Actor)
		}
	}
	want := []string{
		"demo|service-keys add|gw introspect|200|a new gateway", "demo|service-keys remove|gw|200|gone",
		"|secrets rotate add|keyset " + id + "|200|", "|secrets rotate promote|keyset " + id + "|200|",
		"|secrets reseal|keyset " + id + "|200|rotation", "|secrets rotate drop|keyset none-such|500|",
	}
	if !slices.Equal(got, want) || strings.Contains(out, key) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	w.ok("audit", "verify")
}

// Ensure nothing is done that the audit cannot tell of.
func TestOperatorsWithoutDatabase(t *testing.T) {
	w := newWorld(t)
	before, err := vault.IDs(vault.KindKeyset, w.files.Keyset)
	must(t, err)
	w.pool, err = pgxpool.New(t.Context(), "postgres://127.0.0.1:1/none?connect_timeout=1")
	must(t, err)
	defer w.pool.Close()
	if _, err := w.command("secrets", "rotate", "keyset"); err == nil || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("%v", err)
	}
	if after, err := vault.IDs(vault.KindKeyset, w.files.Keyset); err != nil || !slices.Equal(after, before) {
		t.Errorf("%v, %v before %v", after, before, err)
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

// Ensure list and show say the same of a key, whether it is admitted, and null for what there is not.
func TestKeysSayWhetherTheyAreAdmitted(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.me(key).want(t, http.StatusOK)
	w.server.Flush(t.Context())
	says := func(args ...string) map[string]any {
		t.Helper()
		var lines []map[string]any
		must(t, json.Unmarshal([]byte(w.ok(append(args, "-o", "json")...)), &lines))
		if len(lines) != 1 {
			t.Fatalf("%v: %v", args, lines)
		}
		return lines[0]
	}
	listed, shown := says("keys", "list"), says("keys", "show", key[6:16])
	if diff := cmp.Diff(listed, shown); diff != "" {
		t.Errorf("list and show differ: %s", diff)
	}
	if shown["last_used_at"] == nil || shown["expires_at"] != nil || shown["revoked_at"] != nil || shown["admitted"] != true || shown["reason"] != nil {
		t.Errorf("a live key that never expires: %v", shown)
	}
	w.disable()
	if shown = says("keys", "show", key[6:16]); shown["admitted"] != false || shown["reason"] != "user_disabled" {
		t.Errorf("of a disabled owner: %v", shown)
	}
	if out := w.ok("keys", "list"); !strings.Contains(out, "ADMITTED") || !strings.Contains(out, "no: user_disabled") {
		t.Errorf("the table:\n%s", out)
	}
}

// Ensure a credential of a realm that nobody knows, a second one of a name, and a scope that is none are refused in words.
func TestServiceKeysAddRefuses(t *testing.T) {
	w := newWorld(t)
	add := func(more ...string) error {
		_, err := w.command(append([]string{"service-keys", "add", "--name", "gw", "--scope", "decide"}, more...)...)
		return err
	}
	w.learn(tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: administrators}, Authority: tokenstate.Keycloak}, Value: tokenstate.Standing{At: 1, Cause: "look"}})
	if _, err := w.command("service-keys", "add", "--name", "first", "--scope", "decide", "--realm", "new"); err != nil {
		t.Errorf("while only the administrators' realm was heard of: %v", err)
	}
	w.mint("automation") // of the realm demo
	w.realm = "configured"
	if _, err := w.command("service-keys", "add", "--name", "second", "--scope", "decide"); err != nil {
		t.Errorf("the realm of the configuration: %v", err)
	}
	if err := add("--realm", "nosuch"); !errors.Is(err, ops.ErrUsage) || !strings.Contains(err.Error(), "demo") {
		t.Errorf("a realm of which nothing was heard: %v", err)
	}
	must(t, add("--realm", "demo"))
	if err := add("--realm", "demo"); !errors.Is(err, keyrows.ErrNameTaken) || strings.Contains(err.Error(), "SQLSTATE") {
		t.Errorf("twice: %v", err)
	}
	if err := add("--realm", "nosuch", "--force", "--scope", "introspec"); !errors.Is(err, ops.ErrUsage) || !strings.Contains(err.Error(), "introspect, ") && !strings.Contains(err.Error(), ", introspect") {
		t.Errorf("a scope that is none: %v", err)
	}
	if _, err := w.command("service-keys", "add", "--name", "other", "--scope", "decide", "--realm", "nosuch", "--force"); err != nil {
		t.Errorf("by force: %v", err)
	}
}
