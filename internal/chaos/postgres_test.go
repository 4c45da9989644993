//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// The disk of Postgres is small, so its log must be.
var postgresSettings = []string{"wal_retrieve_retry_interval=200ms", "max_wal_size=64MB", "min_wal_size=32MB", "shared_buffers=32MB", "wal_keep_size=64MB"}

func (b *bench) startPostgres() {
	b.t.Helper()
	var err error
	b.postgres, err = b.stack.PostgresIn(b.ctx, "chaos")
	must(b.t, err)
	uid, gid := b.postgres.Owner()
	b.disk("postgres", b.postgres.Dir(), uid, gid)
	b.fakeClock(uid, gid)
	b.primary, err = b.postgres.NewCluster(b.ctx, "first")
	must(b.t, err)
	must(b.t, b.serve(b.ctx, "postgres", b.primary, postgresSettings, func(ctx context.Context) error { return b.primary.Made(ctx) }))
}

// serve runs a cluster as a part of this name.
func (b *bench) serve(ctx context.Context, name string, k *devstack.Cluster, settings []string, ready func(context.Context) error) error {
	return b.stack.Add(ctx, devstack.Part{
		Name: name, Stops: syscall.SIGINT,
		Command: func() *exec.Cmd { return k.Serve(settings, b.clockEnv()) },
		Ready: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			return ready(ctx)
		},
	})
}

// fakeClock prepares a clock for Postgres that can be set, if libfaketime is there.
func (b *bench) fakeClock(uid, gid int) {
	if faketime() == "" {
		return
	}
	b.clock = filepath.Join(b.postgres.Dir(), "clock")
	must(b.t, b.setClock(0))
	if uid != 0 {
		must(b.t, os.Chown(b.clock, uid, gid))
	}
}

func faketime() string {
	for _, pattern := range []string{"/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// setClock has Postgres's clock be ahead. The file is replaced as a whole: it is read at every question for the time.
func (b *bench) setClock(ahead time.Duration) error {
	next := b.clock + ".next"
	if err := os.WriteFile(next, fmt.Appendf(nil, "%+.3f\n", ahead.Seconds()), 0o644); err != nil {
		return err
	}
	return os.Rename(next, b.clock)
}

func (b *bench) clockEnv() []string {
	if b.clock == "" {
		return nil
	}
	return []string{
		"LD_PRELOAD=" + faketime(), "FAKETIME_TIMESTAMP_FILE=" + b.clock, "FAKETIME_CACHE_DURATION=1", "NO_FAKE_STAT=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0", "FAKETIME_DISABLE_SHM=1",
	}
}

// databaseLinks are the ways of all programs to Postgres.
func (b *bench) databaseLinks() (out []*link) {
	for name, k := range b.links {
		if strings.HasSuffix(name, "-postgres") {
			out = append(out, k)
		}
	}
	return out
}

// killPostgres ends the server and all its children at once, as a machine does that loses its power.
func (b *bench) killPostgres() error {
	if err := b.stack.Signal("postgres", syscall.SIGKILL); err != nil {
		return err
	}
	return b.stack.Kill("postgres", syscall.SIGKILL)
}

// replace puts another cluster in the place of the primary. The old one's data goes.
func (b *bench) replace(k *devstack.Cluster) error {
	old := b.primary
	b.primary = k
	for _, l := range b.databaseLinks() {
		l.lead(k.Addr())
	}
	return old.Remove()
}

// failover makes a standby, and gives the function that kills the primary and promotes it. Without a link it is a
// synchronous one, so that nothing is acknowledged which it does not have; with one it has what the link let pass.
func (b *bench) failover(ctx context.Context, n int, behind *link) (then func() error, err error) {
	name := fmt.Sprintf("standby%d", n)
	standby, err := b.postgres.Copy(ctx, b.primary, name, true)
	if err != nil {
		return nil, err
	}
	settings := postgresSettings
	if behind != nil {
		u, err := url.Parse(b.primary.URL("postgres"))
		if err != nil {
			return nil, err
		}
		u.Host, u.Path = behind.addr(), ""
		settings = append(slices.Clone(settings), "primary_conninfo="+u.String())
	}
	follows := true
	if err := b.serve(ctx, name, standby, settings, func(ctx context.Context) error { return recovering(ctx, standby, follows) }); err != nil {
		return nil, err
	}
	if err := b.followed(ctx, behind == nil); err != nil {
		return nil, err
	}
	return func() error {
		if err := b.killPostgres(); err != nil {
			return err
		}
		if err := standby.Promote(ctx); err != nil {
			return err
		}
		follows = false // also when it is started again
		if err := eventually(ctx, 20*time.Second, func() error { return recovering(ctx, standby, false) }); err != nil {
			return err
		}
		return errors.Join(b.replace(standby), b.stack.Rename(name, "postgres"))
	}, nil
}

// older takes a backup, and gives the function that throws the database away and serves the backup in its place.
func (b *bench) older(ctx context.Context, n int) (then func() error, err error) {
	name := fmt.Sprintf("backup%d", n)
	backup, err := b.postgres.Copy(ctx, b.primary, name, false)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := b.killPostgres(); err != nil {
			return err
		}
		if err := b.serve(ctx, name, backup, postgresSettings, func(ctx context.Context) error { return recovering(ctx, backup, false) }); err != nil {
			return err
		}
		return errors.Join(b.replace(backup), b.stack.Rename(name, "postgres"))
	}, nil
}

func recovering(ctx context.Context, k *devstack.Cluster, want bool) error {
	conn, err := pgx.Connect(ctx, k.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var is bool
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&is); err != nil {
		return err
	}
	if is != want {
		return fmt.Errorf("in recovery: %t", is)
	}
	return nil
}

// followed waits for the standby. A synchronous one has the primary acknowledge no commit that it does not have.
func (b *bench) followed(ctx context.Context, synchronous bool) error {
	if synchronous {
		if err := b.primary.AwaitStandby(ctx); err != nil {
			return err
		}
	}
	return eventually(ctx, 20*time.Second, func() error { return b.primary.Followed(ctx, synchronous) })
}

// eventually tries until it succeeds or the time is over.
func eventually(ctx context.Context, limit time.Duration, try func() error) error {
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		play.Pause(ctx, 50*time.Millisecond)
	}
}
