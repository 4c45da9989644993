package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"

	"github.com/jackc/pgx/v5"
)

// templateLock is an advisory lock of the database that all test processes share: one of them
// migrates, the others wait. Two at once would also race for the cluster's roles.
const templateLock = 0x746f6b656e7374

// migrated gives the name of a database that migrate has brought up and to which nobody is
// connected, so that it can be cloned.
func migrated(ctx context.Context, admin *pgx.Conn, base string, migrate Migrate) (string, error) {
	name, err := templateName(migrate)
	if err != nil {
		return "", err
	}
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return "", err
	}
	defer func() {
		_, _ = admin.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(templateLock)) // closing unlocks, too
	}()
	var there bool
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	// Under another name until it is whole: an interrupted migration must not become a template.
	work := name + "_new"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + work + " WITH (FORCE)", "CREATE DATABASE " + work} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	if err := migrate(ctx, onDatabase(base, work)); err != nil {
		return "", err
	}
	_, err = admin.Exec(ctx, "ALTER DATABASE "+work+" RENAME TO "+name)
	return name, err
}

// templateName changes with the migrations' text and with the function that runs them.
func templateName(migrate Migrate) (string, error) {
	dir, err := root()
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(dir, "db", "schema", "migrations", "*.sql"))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, _ = fmt.Fprintln(h, runtime.FuncForPC(reflect.ValueOf(migrate).Pointer()).Name())
	for _, file := range files {
		raw, err := os.ReadFile(file) //nolint:gosec // our own migrations
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", filepath.Base(file), len(raw), raw)
	}
	return "ts_template_" + hex.EncodeToString(h.Sum(nil)[:8]), nil
}
