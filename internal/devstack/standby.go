package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// startStandby gives the stack's Postgres a synchronous standby, at an address that stays.
func (s *Stack) startStandby(ctx context.Context, primary cluster) error {
	dir, err := s.dataDir("standby", primary.cred)
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.primary, s.standby = primary,
		cluster{bin: primary.bin, dir: dir, cred: primary.cred, port: port, password: primary.password, throwaway: primary.throwaway}
	return s.follow(ctx)
}

// follow fills the standby's place with a copy of the primary that follows it. Once it does, the primary acknowledges
// nothing that the standby does not have.
func (s *Stack) follow(ctx context.Context) error {
	c, primary := s.standby, &Cluster{s.primary}
	if err := c.copyOf(ctx, primary.URL("postgres"), true); err != nil {
		return err
	}
	if err := s.add(ctx, &part{
		name: "standby", sig: syscall.SIGINT, pid: new(int),
		make: func() *exec.Cmd {
			return (&Cluster{c}).Serve([]string{"wal_retrieve_retry_interval=200ms"}, nil) // it notices its promotion so much later
		},
		check: func(ctx context.Context) error { return queryable(ctx, c.url("postgres")) },
	}); err != nil {
		return err
	}
	if err := primary.AwaitStandby(ctx); err != nil {
		return err
	}
	for end := time.Now().Add(startLimit); ; {
		err := primary.Followed(ctx, true)
		if err == nil || time.Now().After(end) {
			return err
		}
		if err := pause.For(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// Promote kills the primary with all its processes, as a machine does that loses its power, and makes the standby the
// primary. In the place of the dead one a new standby follows.
func (s *Stack) Promote(ctx context.Context) error {
	if !s.opts.Standby {
		return errors.New("this stack has no standby")
	}
	if err := errors.Join(s.Signal("postgres", syscall.SIGKILL), s.Kill("postgres", syscall.SIGKILL)); err != nil {
		return err
	}
	if err := (&Cluster{s.standby}).Promote(ctx); err != nil {
		return err
	}
	s.primary, s.standby = s.standby, s.primary
	s.Env.DatabaseURL = s.primary.url("tokenstate")
	if err := errors.Join(s.Rename("standby", "postgres"), os.RemoveAll(s.standby.data())); err != nil {
		return err
	}
	return s.follow(ctx)
}

// AwaitStandby has a primary acknowledge no commit that a standby does not have.
func (k *Cluster) AwaitStandby(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, k.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// Followed is an error until a standby follows, synchronously or not.
func (k *Cluster) Followed(ctx context.Context, synchronous bool) error {
	conn, err := pgx.Connect(ctx, k.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	state := map[bool]string{true: "sync", false: "async"}[synchronous]
	var n int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = $1", state).Scan(&n)
	if err == nil && n == 0 {
		err = fmt.Errorf("no standby of %s follows", filepath.Base(k.c.dir))
	}
	return err
}
