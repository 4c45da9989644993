package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/openhands"
	"github.com/tokenstate/tokenstate/internal/openhands/openhandstest"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// adopter is an OpenHands database beside a world.
type adopter struct {
	*world
	url  string
	conn *pgx.Conn
}

func newAdopter(t *testing.T, keys, tokens int) *adopter {
	t.Helper()
	a := &adopter{world: newWorld(t), url: testenv.Database(t, nil)}
	must(t, openhandstest.Make(t.Context(), a.url, keys, tokens))
	var err error
	a.conn, err = pgx.Connect(t.Context(), a.url)
	must(t, err)
	t.Cleanup(func() { _ = a.conn.Close(context.Background()) })
	file := filepath.Join(t.TempDir(), "keys")
	must(t, os.WriteFile(file, []byte(openhandstest.Keys), 0o600))
	server := httptest.NewServer(a.handler)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"DATABASE_URL": leastRights(t, a.pool.Config().ConnString()), "OPENHANDS_DATABASE_URL": a.url, "OPENHANDS_SECRETS_FILE": file,
		"AUTHAPI_KEYSET_FILE": a.files.Keyset, "AUTHAPI_PEPPER_FILE": a.files.Pepper, "AUTHAPI_MASTER_FILE": a.files.Master, "AUTHAPI_SNAPSHOT_FILE": a.files.Snapshot,
		"KEYCLOAK_URL": "http://127.0.0.1:1", "KEYCLOAK_REALM": "demo", "KEYCLOAK_CLIENT_ID": "app", "KEYCLOAK_CLIENT_SECRET": "x",
		"AUTHAPI_URL": server.URL, "AUTHAPI_SERVICE_KEY": a.service,
	} {
		t.Setenv(name, value)
	}
	return a
}

// leastRights is the same database with what authapi's role may do.
func leastRights(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	q := u.Query()
	q.Set("role", "tokenstate_authapi")
	u.RawQuery = q.Encode()
	return u.String()
}

func (a *adopter) exec(sql string, args ...any) {
	a.t.Helper()
	_, err := a.conn.Exec(a.t.Context(), sql, args...)
	must(a.t, err)
}

// run is the program itself, but for the process.
func (a *adopter) run(into any, args ...string) error {
	a.t.Helper()
	var out bytes.Buffer
	app := &cli.Command{Name: "authapi", Writer: &out, Commands: []*cli.Command{importCommand(), shadowCommand()}}
	err := app.Run(a.t.Context(), append(append([]string{"authapi"}, args...), "-o", "json"))
	if out.Len() > 0 {
		if jerr := json.Unmarshal(out.Bytes(), into); jerr != nil {
			a.t.Fatalf("%v in %s", jerr, out.String())
		}
	}
	if strings.Contains(out.String(), "sk-oh-") || strings.Contains(out.String(), "eyJ") {
		a.t.Fatalf("a key or a token is told: %s", out.String())
	}
	a.caughtUp()
	return err
}

func (a *adopter) take(args ...string) openhands.Report {
	a.t.Helper()
	var r openhands.Report
	must(a.t, a.run(&r, append([]string{"import", "openhands"}, args...)...))
	return r
}

// Ensure thousands of keys are taken over, with all that is known of them, and that afterwards
// nobody can tell the two systems apart by what they decide.
func TestImportOpenHands(t *testing.T) {
	const n, tokens = 12_000, 300 // three pages
	a := newAdopter(t, n, tokens)
	r := a.take()
	if r.Keys.Read != n || r.Keys.Added != n || r.Tokens.Read != tokens || r.Tokens.Added != tokens || len(r.Skipped) != 0 {
		t.Fatalf("%+v", r)
	}
	plain := a.copyAgain()
	t.Logf("import: %d keys/s, %d tokens/s; plain COPY of the same keys: %d/s; ratio %.1f", r.Keys.PerSecond, r.Tokens.PerSecond, plain, float64(plain)/float64(r.Keys.PerSecond))
	var c openhands.Compared
	must(t, a.run(&c, "shadow", "openhands"))
	if c.Keys != n || c.Mismatched != 0 {
		t.Fatalf("shadow: %+v", c)
	}
	if got := a.known.TokensOf("demo", openhandstest.User(7), ""); len(got) != 1 || got[0].Verified || got[0].Custody != "sealed" || got[0].Token.Session != "session-7" {
		t.Fatalf("%+v", got)
	}
	if a.idp.calls() != 0 {
		t.Fatal("a token was refreshed")
	}
}

// Ensure an import has an operator's bounds: by those of a program that serves, its transaction was ended after 5 s in
// which it sent nothing, because on a busy machine it was still working out what to write.
func TestAnImportMayTakeItsTime(t *testing.T) {
	a := newAdopter(t, 3, 0)
	_, err := a.pool.Exec(t.Context(), `CREATE FUNCTION tokenstate.hurried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF current_setting('idle_in_transaction_session_timeout')::interval < '1min' THEN RAISE EXCEPTION 'hurried'; END IF;
		RETURN NEW; END $$;
		CREATE TRIGGER hurried BEFORE INSERT ON tokenstate.api_key FOR EACH ROW EXECUTE FUNCTION tokenstate.hurried()`)
	must(t, err)
	if r := a.take(); r.Keys.Added != 3 {
		t.Errorf("%+v", r)
	}
}

// Ensure an import reads a page of keys without reading all users again for each of them: nothing of theirs is indexed by
// the text of an id, and 12,000 keys of 3,000 users took Postgres ten seconds each time.
func TestImportReadsUsersOnce(t *testing.T) {
	a := newAdopter(t, 400, 0)
	a.exec(`UPDATE "user" SET credentials_revoked_at = now() - interval '1 day' WHERE id::text = (SELECT user_id FROM api_keys WHERE id = 6)`)
	var r openhands.Report
	if err := a.run(&r, "import", "openhands"); !errors.Is(err, ops.ErrDifferences) {
		t.Fatal(err)
	}
	var read, users int
	a.eventually("the import's reading is counted", func() bool {
		must(t, a.conn.QueryRow(t.Context(), `SELECT seq_tup_read, (SELECT count(*) FROM "user") FROM pg_stat_user_tables WHERE relname = 'user'`).Scan(&read, &users))
		return read > 3*users // the making, the change above, and the import
	})
	if read > 30*users {
		t.Errorf("%d rows read of %d users", read, users)
	}
}

func (a *adopter) count(sql string) (n int) {
	a.t.Helper()
	must(a.t, a.pool.QueryRow(a.t.Context(), sql).Scan(&n))
	return n
}

// copyAgain copies the imported rows into another table of the same shape, and gives rows per second.
func (a *adopter) copyAgain() int {
	a.t.Helper()
	ctx := a.t.Context()
	rows, err := a.pool.Query(ctx, `SELECT id, realm, user_id, org_id, name, kind, digest, pepper_id, generation, created_at, expires_at, not_before, last_used_at FROM tokenstate.api_key`)
	must(a.t, err)
	var columns []string
	for _, f := range rows.FieldDescriptions() {
		columns = append(columns, f.Name)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	must(a.t, err)
	_, err = a.pool.Exec(ctx, `CREATE TABLE tokenstate.copied (LIKE tokenstate.api_key INCLUDING ALL)`)
	must(a.t, err)
	began := time.Now()
	_, err = a.pool.CopyFrom(ctx, pgx.Identifier{"tokenstate", "copied"}, columns, pgx.CopyFromRows(all))
	must(a.t, err)
	return int(float64(len(all)) / time.Since(began).Seconds())
}

// Ensure an imported key of any format works in each header, and what is told of it.
func TestImportedKeysWork(t *testing.T) {
	a := newAdopter(t, 40, 4)
	a.take()
	for _, id := range []int{1, 3, 4, 10, 21} { // with and without prefix, with and without organization
		user, org := openhandstest.Owner(id)
		for _, header := range []string{"Authorization", "X-Session-API-Key", "X-Access-Token"} {
			value := openhandstest.Value(id)
			if header == "Authorization" {
				value = "Bearer " + value
			}
			r := a.ask(http.MethodGet, "/api/v1/users/me", nil, header, value).want(t, http.StatusOK, "user_id", user, "org_id", org)
			if key, _ := r.body["key"].(map[string]any); key["kind"] != "legacy" || key["id"] != openhands.ID("demo", int64(id)) {
				t.Errorf("key: %v", key)
			}
		}
	}
	a.me(openhandstest.Value(7)).want(t, http.StatusUnauthorized, "reason", "expired")
	a.me(openhandstest.Value(9)).want(t, http.StatusUnauthorized, "reason", "not_yet_valid")
	a.me(openhandstest.Value(41)).want(t, http.StatusUnauthorized, "reason", "unknown")
	a.me(openhandstest.Value(3)+"x").want(t, http.StatusUnauthorized, "reason", "unknown")
}

// Ensure all keys of one name stay valid beside the one that a mint gives, which is one; and that
// revoking the name ends them all, blocked or not.
func TestDuplicatesOfSystemKeys(t *testing.T) {
	a := newAdopter(t, 40, 0)
	a.take()
	user, org := openhandstest.Owner(4) // 4 and 5 are both __SYSTEM__:automation of one user
	path := "/api/service/users/" + user + "/orgs/" + org + "/api-keys"
	mint := func() reply {
		return a.backend(http.MethodPost, path+"?wait_ms=5000", map[string]any{"name": "automation"})
	}
	one, two := mint().want(t, http.StatusOK).body["key"].(string), mint().want(t, http.StatusOK).body["key"].(string)
	if one != two {
		t.Fatal("two canonical keys")
	}
	for _, key := range []string{one, openhandstest.Value(4), openhandstest.Value(5)} {
		a.me(key).want(t, http.StatusOK, "user_id", user)
	}
	a.backend(http.MethodDelete, path+"/automation?wait_ms=5000", nil).want(t, http.StatusOK)
	for _, key := range []string{one, openhandstest.Value(4), openhandstest.Value(5)} {
		a.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	}
	a.me(openhandstest.Value(6)).want(t, http.StatusOK) // of another name
	a.backend(http.MethodDelete, path+"/automation?wait_ms=5000", nil).want(t, http.StatusNotFound)
	a.me(mint().want(t, http.StatusOK).body["key"].(string)).want(t, http.StatusOK)

	user, org = openhandstest.Owner(8) // of whom nothing was ever minted here
	path = "/api/service/users/" + user + "/orgs/" + org + "/api-keys"
	a.backend(http.MethodDelete, path+"/automation?block=true&wait_ms=5000", nil).want(t, http.StatusOK)
	a.me(openhandstest.Value(8)).want(t, http.StatusUnauthorized, "reason", "revoked")
	mint().want(t, http.StatusConflict, "reason", "key_blocked")
	if again := a.take(); again.Keys.Unchanged != 40 {
		t.Fatalf("%+v", again)
	}
	a.me(openhandstest.Value(8)).want(t, http.StatusUnauthorized, "reason", "revoked") // an import revives nothing
}

// Ensure a dry run keeps nothing, and that an import corrects what has changed, tells what is gone, and revokes that only if asked.
func TestImportAgain(t *testing.T) {
	a := newAdopter(t, 40, 4)
	var would openhands.Report
	if err := a.run(&would, "import", "openhands", "--dry-run"); !errors.Is(err, ops.ErrDifferences) || would.Keys.Added != 40 || would.Tokens.Added != 4 {
		t.Fatalf("dry run: %v %+v", err, would)
	}
	if n := a.count("SELECT (SELECT count(*) FROM tokenstate.api_key) + (SELECT count(*) FROM tokenstate.offline_token) + (SELECT count(*) FROM tokenstate.import)"); n != 0 {
		t.Fatalf("a dry run kept %d rows", n)
	}
	a.take()
	if r := a.take("--dry-run"); r.Keys.Unchanged != 40 || r.Tokens.Unchanged != 4 {
		t.Fatalf("a dry run after the import: %+v", r)
	}
	a.exec(`DELETE FROM api_keys WHERE id = 1`)
	a.exec(`UPDATE api_keys SET expires_at = '2001-01-01' WHERE id = 2`)
	var r openhands.Report
	if err := a.run(&r, "import", "openhands"); !errors.Is(err, ops.ErrDifferences) || r.Missing != 1 || r.Revoked != 0 || r.Keys.Changed != 1 {
		t.Fatalf("%v %+v", err, r)
	}
	a.me(openhandstest.Value(2)).want(t, http.StatusUnauthorized, "reason", "expired")
	a.me(openhandstest.Value(1)).want(t, http.StatusOK)
	if r := a.take("--revoke-missing"); r.Missing != 1 || r.Revoked != 1 {
		t.Fatalf("%+v", r)
	}
	refused := a.me(openhandstest.Value(1)).want(t, http.StatusUnauthorized, "reason", "revoked")
	if refused.body["event_id"] == nil {
		t.Error("nobody knows by which order")
	}
	if n := a.count("SELECT count(*) FROM tokenstate.outbox"); n != 1 {
		t.Errorf("%d orders go to the log", n)
	}
}

// Ensure an import that stopped half-way goes on from there, and that the next one begins anew.
func TestImportResumes(t *testing.T) {
	a := newAdopter(t, 12_000, 0)
	_, err := a.pool.Exec(t.Context(), `
		CREATE FUNCTION tokenstate.stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''stopped''; END';
		CREATE TRIGGER stop BEFORE INSERT ON tokenstate.api_key FOR EACH ROW WHEN (NEW.id = 'oh-demo-7000') EXECUTE FUNCTION tokenstate.stop()`)
	must(t, err)
	var r openhands.Report
	if err := a.run(&r, "import", "openhands"); err == nil || errors.Is(err, ops.ErrDifferences) {
		t.Fatalf("it did not stop: %v", err)
	}
	if n := a.count("SELECT count(*) FROM tokenstate.api_key"); n != 5000 {
		t.Fatalf("%d keys after the first page", n)
	}
	_, err = a.pool.Exec(t.Context(), `DROP TRIGGER stop ON tokenstate.api_key`)
	must(t, err)
	if r := a.take(); r.Keys.Read != 7000 || r.Keys.Added != 7000 {
		t.Fatalf("it did not go on: %+v", r.Keys)
	}
	if r := a.take(); r.Keys.Unchanged != 12_000 {
		t.Fatalf("it did not begin anew: %+v", r.Keys)
	}
}

// Ensure an import keeps the scope of a token, and does not give up one of the same session that has more scopes for a
// newer one of OpenHands, as PUT /v1/offline-tokens does not.
func TestImportNarrowerTokens(t *testing.T) {
	const broad, narrow = "openid offline_access repo", "openid offline_access"
	a := newAdopter(t, 4, 4)
	c := offline("session-1", now()-100)
	c.User, c.Scope = openhandstest.User(1), broad
	a.put(c).want(t, http.StatusCreated)
	value, err := openhandstest.Encrypt(2, openhandstest.JWT(c.User, "app", c.Session, time.Now().Unix()))
	must(t, err)
	a.exec(`UPDATE offline_tokens SET offline_token = $1 WHERE user_id = $2`, value, c.User)
	var r openhands.Report
	if err := a.run(&r, "import", "openhands"); !errors.Is(err, ops.ErrDifferences) || r.Tokens.Added != 3 || r.Tokens.Changed != 0 {
		t.Fatalf("%v %+v", err, r)
	}
	if len(r.Skipped) != 1 || r.Skipped[0].ID != c.User || r.Skipped[0].Reason != "narrower_token" {
		t.Errorf("skipped: %+v", r.Skipped)
	}
	for user, scope := range map[string]string{c.User: broad, openhandstest.User(2): narrow} {
		if got := a.known.TokensOf("demo", user, ""); len(got) != 1 || got[0].Scope != scope {
			t.Errorf("of %s: %+v", user, got)
		}
	}
}

// Ensure rows that cannot be taken over are told and leave the others alone; and that old schemas,
// infinite and impossible times are read.
func TestImportOddities(t *testing.T) {
	a := newAdopter(t, 4, 4)
	now := time.Now().Unix()
	for user, text := range map[string]string{
		"other-user": openhandstest.JWT("somebody", "app", "s1", now), "other-client": openhandstest.JWT("other-client", "foreign", "s2", now),
		"future": openhandstest.JWT("future", "app", "s3", now+3600), "no-jwt": "canary", "online": strings.Replace(openhandstest.JWT("online", "app", "s4", now), ".", "x.", 1),
	} {
		value, err := openhandstest.Encrypt(2, text)
		must(t, err)
		a.exec(`INSERT INTO offline_tokens (user_id, offline_token) VALUES ($1, $2)`, user, value)
	}
	a.exec(`INSERT INTO offline_tokens (user_id, offline_token) VALUES ('damaged', '{"tokens":"canary"}')`)
	a.exec(`INSERT INTO api_keys (id, key, user_id) VALUES (100, 'with a space', 'u'), (101, '', 'u'), (102, 'of-nobody', ''), (103, $1, 'u')`, strings.Repeat("ä", 200))
	a.exec(`INSERT INTO api_keys (id, key, user_id, created_at, not_before, expires_at) VALUES
		(200, 'for-ever', 'u', '-infinity', '-infinity', 'infinity'), (201, 'ended-before-it-began', 'u', '2030-01-01', NULL, '2020-01-01'), (202, 'long-dead', 'u', 'infinity', NULL, '-infinity')`)
	var r openhands.Report
	if err := a.run(&r, "import", "openhands"); !errors.Is(err, ops.ErrDifferences) {
		t.Fatalf("%v %+v", err, r)
	}
	reasons := map[string]string{}
	for _, s := range r.Skipped {
		reasons[s.ID] = s.Reason
	}
	for id, want := range map[string]string{
		"other-user": "token_of_another_user", "other-client": "foreign_token", "future": "token_from_the_future", "no-jwt": "not_an_offline_token",
		"online": "not_an_offline_token", "damaged": "no_secret_opens_it", "100": "cannot_be_presented", "101": "cannot_be_presented", "102": "no_user", "103": "cannot_be_presented",
	} {
		if reasons[id] != want {
			t.Errorf("%s: %q, want %q", id, reasons[id], want)
		}
	}
	if r.Keys.Added != 7 || r.Tokens.Added != 4 || strings.Contains(a.log.String(), "canary") {
		t.Errorf("%+v", r)
	}
	a.me("for-ever").want(t, http.StatusOK)
	a.me("ended-before-it-began").want(t, http.StatusUnauthorized, "reason", "expired")
	a.me("long-dead").want(t, http.StatusUnauthorized, "reason", "expired")
	a.exec(`ALTER TABLE api_keys DROP COLUMN org_id, DROP COLUMN not_before`) // as it was at first
	if err := a.run(&r, "import", "openhands"); !errors.Is(err, ops.ErrDifferences) || r.Keys.Read != 11 {
		t.Fatalf("%v %+v", err, r)
	}
	var c openhands.Compared // of nobody's key is all that differs; what nobody can send is not compared
	if err := a.run(&c, "shadow", "openhands"); !errors.Is(err, ops.ErrDifferences) || c.Mismatched != 1 || c.Keys != 8 {
		t.Fatalf("%v %+v", err, c)
	}
}

// Ensure the source is never written to, and that no fault tells a password.
func TestImportFaults(t *testing.T) {
	foreign := testenv.Database(t, nil)
	a := newAdopter(t, 40, 0)
	source, err := openhands.Open(t.Context(), secret.New(a.url))
	must(t, err)
	must(t, source.Close(t.Context()))
	for name, set := range map[string]func(){
		"unreachable": func() { t.Setenv("OPENHANDS_DATABASE_URL", "postgres://u:canary@127.0.0.1:1/x") },
		"malformed":   func() { t.Setenv("OPENHANDS_DATABASE_URL", "postgres://u:canary@%zz") },
		"foreign":     func() { t.Setenv("OPENHANDS_DATABASE_URL", foreign) },
		"no secrets":  func() { t.Setenv("OPENHANDS_SECRETS_FILE", ""); t.Setenv("OPENHANDS_SECRETS", "[canary") },
	} {
		set()
		var r openhands.Report
		if err := a.run(&r, "import", "openhands"); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		t.Setenv("OPENHANDS_DATABASE_URL", a.url)
		t.Setenv("OPENHANDS_SECRETS", openhandstest.Keys)
	}
	var r openhands.Report
	for _, url := range []string{"postgres://u:canary@127.0.0.1:1/x", "postgres://u@127.0.0.1:1/x?password=canary", "host=127.0.0.1 password=canary"} {
		if err := a.run(&r, "import", "openhands", "--from", url); !errors.Is(err, ops.ErrUsage) || strings.Contains(err.Error(), "canary") {
			t.Errorf("a password on the command line: %v", err)
		}
	}
	a.take()
	a.exec(`UPDATE api_keys SET id = id + 1000, key = 'other-' || key`) // the database of another installation
	if err := a.run(&r, "import", "openhands", "--revoke-missing"); !errors.Is(err, openhands.ErrOther) || a.count("SELECT count(*) FROM tokenstate.api_key WHERE revoked_at IS NULL AND id LIKE 'oh-demo-__'") != 31 {
		t.Errorf("another installation's database is taken for the first one's: %v", err)
	}
}

// Ensure a database whose numbers mean other keys, which every one begins at 1, leaves the keys of the first one alone.
func TestImportOfASecondDatabase(t *testing.T) {
	for name, other := range map[string]string{
		"another key":   `UPDATE api_keys SET key = 'other-' || key WHERE id = 1`,
		"another owner": `UPDATE api_keys SET user_id = 'somebody' WHERE id = 1`,
		"and most are gone": `UPDATE api_keys SET key = 'other-' || key; DELETE FROM api_keys WHERE id <> 1;
			INSERT INTO api_keys (id, key, user_id) VALUES (99, 'new', 'u')`,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAdopter(t, 20, 0)
			a.take()
			before := a.count("SELECT count(*) FROM tokenstate.api_key WHERE revoked_at IS NULL")
			a.exec(other)
			var r openhands.Report
			err := a.run(&r, "import", "openhands", "--revoke-missing")
			after := a.count("SELECT count(*) FROM tokenstate.api_key WHERE revoked_at IS NULL")
			if !errors.Is(err, openhands.ErrOther) || before != after || r.Keys.Changed+r.Keys.Added+r.Revoked > 0 {
				t.Errorf("%v, %+v, %d keys before and %d after", err, r, before, after)
			}
		})
	}
}

// Ensure a key that may do less than its owner is not taken for one that may do everything, also if it was before.
func TestImportOfScopedKeys(t *testing.T) {
	a := newAdopter(t, 20, 0)
	a.exec(`INSERT INTO api_key_scopes (api_key_id, scope) VALUES (1, 'openhands:read'), (1, 'openhands:git'), (2, 'full')`)
	var r openhands.Report
	err := a.run(&r, "import", "openhands")
	reasons := map[string]string{}
	for _, s := range r.Skipped {
		reasons[s.ID] = s.Reason
	}
	if !errors.Is(err, ops.ErrDifferences) || reasons["1"] != "scoped_key" || reasons["2"] != "" || a.count("SELECT count(*) FROM tokenstate.api_key WHERE id = 'oh-demo-1'") != 0 {
		t.Errorf("%v %+v", err, r)
	}
	a.exec(`INSERT INTO api_key_scopes (api_key_id, scope) VALUES (3, 'openhands:read')`)
	r = openhands.Report{}
	err = a.run(&r, "import", "openhands", "--revoke-missing")
	if !errors.Is(err, ops.ErrDifferences) || r.Missing != 1 || r.Revoked != 1 || a.count("SELECT count(*) FROM tokenstate.api_key WHERE id = 'oh-demo-3' AND revoked_at IS NOT NULL") != 1 {
		t.Errorf("a key that was given scopes since: %v %+v", err, r)
	}
	var c openhands.Compared
	if err := a.run(&c, "shadow", "openhands"); err != nil || c.Keys == 0 {
		t.Errorf("a scoped key is a difference: %v %+v", err, c)
	}
}

// Ensure a key from before its owner's credentials were revoked is not taken, nor kept.
func TestImportOfRevokedCredentials(t *testing.T) {
	a := newAdopter(t, 20, 0)
	a.take()
	a.exec(`UPDATE "user" SET credentials_revoked_at = now() - interval '1 day' WHERE id::text = (SELECT user_id FROM api_keys WHERE id = 6);
		UPDATE api_keys SET created_at = timezone('UTC', now()) WHERE id = 7`)
	var r openhands.Report
	err := a.run(&r, "import", "openhands", "--revoke-missing")
	reasons := map[string]string{}
	for _, s := range r.Skipped {
		reasons[s.ID] = s.Reason
	}
	if !errors.Is(err, ops.ErrDifferences) || reasons["6"] != "credentials_revoked" || reasons["7"] != "" || r.Revoked != r.Missing || r.Revoked == 0 ||
		a.count("SELECT count(*) FROM tokenstate.api_key WHERE id = 'oh-demo-6' AND revoked_at IS NOT NULL") != 1 {
		t.Errorf("%v %+v", err, r)
	}
}

// Ensure a shadow run finds each kind of difference.
func TestShadowFindsDifferences(t *testing.T) {
	a := newAdopter(t, 40, 0)
	a.take()
	a.exec(`UPDATE api_keys SET user_id = 'somebody' WHERE id = 1`)
	a.exec(`UPDATE api_keys SET org_id = NULL WHERE id = 4`)
	a.exec(`UPDATE api_keys SET expires_at = '2001-01-01' WHERE id = 5`)
	a.exec(`INSERT INTO api_keys (id, key, user_id) VALUES (50, 'not-imported', 'u')`)
	var c openhands.Compared
	if err := a.run(&c, "shadow", "openhands"); !errors.Is(err, ops.ErrDifferences) || c.Keys != 41 || c.Mismatched != 4 {
		t.Fatalf("%v %+v", err, c)
	}
	want := []string{"another user", "another organization", "tokenstate admits what OpenHands refuses", "tokenstate refuses what OpenHands admits"}
	for i, m := range c.Mismatches {
		if m.What != want[i] {
			t.Errorf("%d: %s, want %s", m.ID, m.What, want[i])
		}
	}
}

// Ensure keys of users whom OpenHands refuses are refused here from the first moment, that shadow
// mode tells the difference, and that a database without such users is taken over, too.
func TestImportOpenHands_DisabledUsers(t *testing.T) {
	a := newAdopter(t, 40, 12)
	a.exec(`UPDATE "user" SET is_disabled = true WHERE id = $1`, openhandstest.User(2))
	a.exec(`UPDATE "user" SET deletion_pending = true WHERE id = $1`, openhandstest.User(3))
	var would openhands.Report
	if err := a.run(&would, "import", "openhands", "--dry-run"); !errors.Is(err, ops.ErrDifferences) || would.DisabledNow != 2 || a.count("SELECT count(*) FROM tokenstate.fact_standing") != 0 {
		t.Fatalf("%v %+v", err, would)
	}
	if r := a.take("--by", "anna"); r.Disabled != 2 || r.DisabledNow != 2 {
		t.Fatalf("%+v", r)
	}
	if n := a.count("SELECT count(*) FROM tokenstate.act WHERE actor = 'anna' AND action = 'import openhands' AND status = 200 AND target LIKE '% keys, 12 tokens, 2 users disabled, 0 keys revoked'"); n != 1 {
		t.Errorf("%d acts of the import", n)
	}
	var c openhands.Compared
	must(t, a.run(&c, "shadow", "openhands"))
	for id, status := range map[int]int{4: http.StatusOK, 8: http.StatusUnauthorized, 12: http.StatusUnauthorized} {
		if r := a.me(openhandstest.Value(id)).want(t, status); status != http.StatusOK && r.body["reason"] != "user_disabled" {
			t.Errorf("key %d: %s", id, r.raw)
		}
	}
	if r := a.take(); r.Disabled != 2 || r.DisabledNow != 0 {
		t.Errorf("the second time: %+v", r)
	}
	a.exec(`UPDATE "user" SET is_disabled = false WHERE id = $1`, openhandstest.User(2))
	if err := a.run(&c, "shadow", "openhands"); !errors.Is(err, ops.ErrDifferences) || c.Mismatched == 0 || c.Mismatches[0].What != "tokenstate refuses what OpenHands admits" {
		t.Errorf("enabled there: %v %+v", err, c)
	}
	a.exec(`DROP TABLE "user"`)
	if r := a.take(); r.Disabled != 0 {
		t.Errorf("no table of users: %+v", r)
	}
}
