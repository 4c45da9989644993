package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Migrate brings the database at a URL to the newest schema and keeps no connection. It is the
// caller's, so that testenv imports no adapter.
type Migrate func(ctx context.Context, databaseURL string) error

// Postgres gives a pool on a database of the test's own; see Database.
func Postgres(tb testing.TB, migrate Migrate) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), Database(tb, migrate))
	if err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// Database gives the URL of a database of the test's own: migrated, or empty if migrate is nil.
// It is dropped afterwards, unless the test failed: then the log says where it is.
//
// The migrations run once and the result is cloned (about 50 ms), a whole database because the
// schema's name is fixed. Roles belong to the cluster, not to a database: whoever makes them
// must expect to find them there.
func Database(tb testing.TB, migrate Migrate) string {
	tb.Helper()
	base := cluster(tb)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	admin := open(ctx, tb, base)
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()

	template := "template1"
	if migrate != nil {
		var err error
		if template, err = migrated(ctx, admin, base, migrate); err != nil {
			tb.Fatalf("testenv: make the migrated template: %v", err)
		}
	}
	name := "ts_test_" + strings.ToLower(rand.Text()[:16])
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		tb.Fatalf("testenv: clone %s: %v", template, err)
	}
	tb.Cleanup(func() { drop(tb, base, name) })
	return onDatabase(base, name)
}

func drop(tb testing.TB, base, name string) {
	tb.Helper()
	if tb.Failed() {
		tb.Logf("testenv: the failed test's database is kept as %s on DATABASE_URL's server, as long as that runs", name)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	admin := open(ctx, tb, base)
	defer func() { _ = admin.Close(ctx) }()
	if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		tb.Errorf("testenv: drop %s: %v", name, err)
	}
}

func open(ctx context.Context, tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		tb.Fatalf("testenv: connect to the Postgres of the tests: %v", err)
	}
	return conn
}

// onDatabase is the URL of another database of the same server.
func onDatabase(base, name string) string {
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "" {
		return fmt.Sprintf("%s dbname=%s", base, name) // key=value: the last one counts
	}
	u.Path = "/" + name
	return u.String()
}
