package postgres

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// serverDir is the socket directory of this process's own Postgres.
var serverDir string

func TestMain(m *testing.M) {
	stop, err := startServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start postgres:", err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// startServer starts Postgres on a socket only. It refuses root, so root becomes postgres.
func startServer() (func(), error) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		return nil, fmt.Errorf("no /usr/lib/postgresql/*/bin: install postgresql")
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "ts-pg-")
	if err != nil {
		return nil, err
	}
	cred, err := credential(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: cred}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	if err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	opts := "-c listen_addresses='' -c fsync=off -c unix_socket_directories=" + dir
	if err := run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", opts, "start"); err != nil {
		return nil, err
	}
	serverDir = dir
	return func() {
		_ = run("pg_ctl", "-D", data, "-m", "immediate", "stop")
		_ = os.RemoveAll(dir)
	}, nil
}

func credential(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

var databases atomic.Int64

// newPool makes a migrated database of its own.
func newPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	ctx := context.Background()
	name := fmt.Sprintf("t%d", databases.Add(1))
	conn, err := pgx.Connect(ctx, "user=postgres dbname=postgres host="+serverDir)
	must(t, err)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	must(t, err)
	must(t, conn.Close(ctx))
	pool, err := pgxpool.New(ctx, "user=postgres host="+serverDir+" dbname="+name)
	must(t, err)
	t.Cleanup(pool.Close)
	must(t, Migrate(ctx, pool))
	return pool
}

func must(t interface {
	Helper()
	Fatalf(string, ...any)
}, err error,
) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func dump(f tokenstate.Facts) string {
	var b bytes.Buffer
	if err := f.Dump(&b); err != nil {
		panic(err)
	}
	return b.String()
}
