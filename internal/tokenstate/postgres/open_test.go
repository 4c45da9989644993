package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Ensure a program reads and writes nothing on a schema that it does not fit, says what to do, and
// goes on once it fits.
func TestOpenChecksTheSchema(t *testing.T) {
	ctx, owner := t.Context(), newPool(t)
	open, err := Open(ctx, owner.Config().ConnString(), Serving())
	must(t, err)
	defer open.Close()
	must(t, open.Ping(ctx))
	for name, c := range map[string]struct{ change, says string }{
		"older":       {fmt.Sprintf("UPDATE tokenstate.schema_range SET min_compatible = 1, version = %d", schema.Version-1), "migrate up"},
		"no range":    {"DELETE FROM tokenstate.schema_range", "migrate up"},
		"contracted":  {fmt.Sprintf("UPDATE tokenstate.schema_range SET version = %d, min_compatible = %d", schema.Version+2, schema.Version+1), "upgrade it"},
		"no schema":   {"ALTER SCHEMA tokenstate RENAME TO away", "migrate up"},
		"newer, fits": {fmt.Sprintf("UPDATE tokenstate.schema_range SET version = %d", schema.Version+1), ""},
	} {
		_, err := owner.Exec(ctx, c.change)
		must(t, err)
		open.Reset() // as after a reconnect
		_, err = open.Exec(ctx, "SELECT 1")
		if fits := c.says == ""; fits != (err == nil) || !fits && (!errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = owner.Exec(ctx, "DO $$ BEGIN ALTER SCHEMA away RENAME TO tokenstate; EXCEPTION WHEN invalid_schema_name THEN END $$")
		must(t, err)
		_, err = owner.Exec(ctx, "DELETE FROM tokenstate.schema_range")
		must(t, err)
		must(t, Migrate(ctx, owner))
		_, err = open.Exec(ctx, "SELECT 1")
		must(t, err)
	}
}

// Ensure a connection that a follower uses once a second is not tried out each time, and one that rested for long is.
func TestAConnectionInUseIsNotTriedOut(t *testing.T) {
	pool, err := Open(t.Context(), newPool(t).Config().ConnString(), Serving())
	must(t, err)
	defer pool.Close()
	for rested, want := range map[time.Duration]bool{1100 * time.Millisecond: false, 10 * time.Second: true} {
		if got := pool.Config().ShouldPing(t.Context(), pgxpool.ShouldPingParams{IdleDuration: rested}); got != want {
			t.Errorf("after %s: %v", rested, got)
		}
	}
}

// Ensure the schema's owner may be nobody who makes roles, where the roles are there: whoever gets a database from an operator
// or a cloud gets such an owner.
func TestMigrateWithoutCreateRole(t *testing.T) {
	newPool(t) // makes the roles, which are the cluster's
	ctx, at := t.Context(), testenv.Database(t, nil)
	admin, err := pgxpool.New(ctx, at)
	must(t, err)
	defer admin.Close()
	for _, do := range []string{
		"DO $$ BEGIN CREATE ROLE ts_test_owner NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$",
		"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ts_test_owner', current_database()); END $$",
	} {
		_, err := admin.Exec(ctx, do)
		must(t, err)
	}
	owner, err := url.Parse(at)
	must(t, err)
	q := owner.Query()
	q.Set("role", "ts_test_owner")
	owner.RawQuery = q.Encode()
	must(t, MigrateURL(ctx, owner.String()))
	var by string
	must(t, admin.QueryRow(ctx, "SELECT tableowner FROM pg_tables WHERE schemaname = 'tokenstate' AND tablename = 'journal'").Scan(&by))
	if by != "ts_test_owner" {
		t.Errorf("%s made the schema", by)
	}
}

// Ensure an older program's migrate up lowers nothing.
func TestMigrateLowersNothing(t *testing.T) {
	pool := newPool(t)
	_, err := pool.Exec(t.Context(), "UPDATE tokenstate.schema_range SET version = 1000, min_compatible = 900")
	must(t, err)
	must(t, Migrate(t.Context(), pool))
	var at, least int64
	must(t, pool.QueryRow(t.Context(), "SELECT version, min_compatible FROM tokenstate.schema_range").Scan(&at, &least))
	if at != 1000 || least != 900 {
		t.Errorf("version %d, min_compatible %d", at, least)
	}
}

// Ensure a server that has become read-only loses the connections that were made before.
func TestOpenLeavesADemotedServer(t *testing.T) {
	ctx := t.Context()
	u, err := url.Parse(testenv.Database(t, MigrateURL))
	must(t, err)
	q := u.Query()
	q.Set("pool_max_conns", "1")
	u.RawQuery = q.Encode()
	open, err := Open(ctx, u.String(), Serving())
	must(t, err)
	defer open.Close()
	_, err = open.Exec(ctx, "SET default_transaction_read_only = on") // of this one connection
	must(t, err)
	const write = "DELETE FROM tokenstate.once"
	_, err = open.Exec(ctx, write)
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != readOnly {
		t.Fatalf("a write on a server that reads only: %v", err)
	}
	_, err = open.Exec(ctx, write)
	must(t, err)
}
