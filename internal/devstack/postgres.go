package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// startPostgres uses the database of DATABASE_URL if there is one, and else starts a cluster of
// its own. In a shell that has read .dev/env the name means the background stack's database,
// which is not taken: two stacks on one would spoil both.
func (s *Stack) startPostgres(ctx context.Context) error {
	background, _ := ReadEnv(EnvFile(s.opts.Root)) // none, most often
	if url := os.Getenv("DATABASE_URL"); url != "" && url != background.DatabaseURL {
		s.Env.DatabaseURL = url
		return queryable(ctx, url)
	}
	cred, err := otherUser()
	if err != nil {
		return err
	}
	dir, err := s.tempDir("postgres", cred)
	if err != nil {
		return err
	}
	bin, err := s.postgresBin(ctx, dir)
	if err != nil {
		return err
	}
	if dir, err = s.dataDir("postgres", cred); err != nil {
		return err
	}
	c := cluster{bin: bin, dir: dir, cred: cred, password: randomText(), throwaway: s.opts.Throwaway, counting: s.opts.Measured}
	if c.port, err = freePort(); err != nil {
		return err
	}
	if err := c.init(ctx); err != nil {
		return err
	}
	s.Env.DatabaseURL, s.postgresDir = c.url("tokenstate"), bin
	err = s.add(ctx, &part{
		name: "postgres", pid: &s.Env.PostgresPID, make: c.command,
		sig:   syscall.SIGINT, // "fast": ends sessions instead of waiting for them
		check: func(ctx context.Context) error { return createDatabase(ctx, c.url("postgres")) },
	})
	if err != nil || !s.opts.Standby {
		return err
	}
	return s.startStandby(ctx, c)
}

// cluster is one Postgres data directory and how to serve it.
type cluster struct {
	bin, dir  string
	cred      *syscall.Credential // nil: as ourselves
	port      int
	password  string
	throwaway bool
	counting  bool // of statements
}

func (c cluster) data() string { return filepath.Join(c.dir, "data") }

func (c cluster) init(ctx context.Context) error {
	pwfile := filepath.Join(c.dir, "password")
	if err := writeFor(pwfile, c.password, c.cred); err != nil {
		return err
	}
	authentication := "scram-sha-256"
	if c.throwaway {
		authentication = "md5" // whoever connects by the other works for milliseconds, and tests connect thousands of times
	}
	//nolint:gosec // binaries that we chose
	cmd := asUser(exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), "-D", c.data(), "-U", "postgres",
		"-A", authentication, "--pwfile", pwfile, "-E", "UTF8", "--locale", "C", "--no-sync"), c.cred, c.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Remove(pwfile)
}

// command serves the cluster on loopback only and without a socket, whose folder might belong
// to another user.
func (c cluster) command() *exec.Cmd {
	args := []string{
		"-D", c.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-c", "unix_socket_directories=", "-c",
		"max_connections=200",
	}
	if c.throwaway {
		// A test's tables hold a few rows, and compiling a question about them takes longer than all else. Commits are not
		// put off: a server that is killed, as tests do, would have acknowledged what it then lacks.
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "jit=off")
	}
	if c.counting { // without BEGIN and COMMIT, which are no questions
		args = append(args, "-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.track_utility=off")
	}
	//nolint:gosec,noctx // it outlives the start; Stop ends it
	return asUser(exec.Command(filepath.Join(c.bin, "postgres"), args...), c.cred, c.dir)
}

func (c cluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable", c.password, c.port, database)
}

func createDatabase(ctx context.Context, url string) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'tokenstate')").Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE tokenstate")
	return err
}

// queryable says whether the server of DATABASE_URL answers. Its own words are left out, for
// they may repeat the URL.
func queryable(ctx context.Context, url string) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return errors.New("the server of DATABASE_URL cannot be reached: start it, or unset DATABASE_URL to have one started")
	}
	return conn.Close(ctx)
}

func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	return pgx.Connect(ctx, url)
}
