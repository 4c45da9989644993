package devstack

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Ensure three servers are one log: each has a replica, and when one is killed the next message follows the last.
func TestThreeServers(t *testing.T) {
	s, err := newStack(t.Context(), Options{Root: checkout(t), NATSNodes: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	if err := s.startNATS(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return replicated(t.Context(), s.Env.NATSURL) })
	first := publish(t, s.natsListener)
	if err := s.Kill("nats", syscall.SIGKILL); err != nil { // the one that every URL names first
		t.Fatal(err)
	}
	eventually(t, func() error { return led(t.Context(), s.Env.NATSURL, "nats2", "nats3") })
	if second := publish(t, s.natsListener); second != first+1 {
		t.Errorf("stored as %d, want %d", second, first+1)
	}
	if err := s.Restart(t.Context(), "nats"); err != nil {
		t.Error(err)
	}
}

func replicated(ctx context.Context, url string) error {
	c, err := members(ctx, url)
	if err == nil && len(c.Replicas) != 2 {
		err = errors.New("the stream has not three replicas")
	}
	if err != nil {
		return err
	}
	for _, r := range c.Replicas {
		if !r.Current {
			return errors.New(r.Name + " has not caught up")
		}
	}
	return nil
}

func led(ctx context.Context, url string, by ...string) error {
	c, err := members(ctx, url)
	if err == nil && !slices.Contains(by, c.Leader) {
		err = errors.New("the stream is led by " + c.Leader)
	}
	return err
}

func members(ctx context.Context, url string) (*jetstream.ClusterInfo, error) {
	nc, err := nats.Connect(url, nats.CustomInboxPrefix("_INBOX_op"))
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	st, err := js.Stream(ctx, "TOKENSTATE")
	if err != nil {
		return nil, err
	}
	return st.CachedInfo().Cluster, nil
}

// Ensure the standby has what was committed when it is promoted, again and again, and that the programs' URL leads to it.
func TestPromote(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	s, err := newStack(t.Context(), Options{Root: checkout(t), Standby: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	if err := s.startPostgres(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, s.Env.DatabaseURL, "CREATE TABLE kept (n int)")
	run(t, s.Env.DatabaseURL, "CREATE ROLE writer")
	run(t, s.Env.DatabaseURL, "GRANT ALL ON kept TO writer")
	url, err := s.login(t.Context(), "writer")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		run(t, url, "INSERT INTO kept VALUES (1)")
		if err := s.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&rows); err != nil || rows != n+1 {
			t.Errorf("%d rows after %d promotions: %v", rows, n+1, err)
		}
		_ = conn.Close(t.Context())
	}
	if err := (&Stack{}).Promote(t.Context()); err == nil {
		t.Error("a stack without a standby promotes one")
	}
	if _, err := newStack(t.Context(), Options{Root: checkout(t), Standby: true, Nodes: 2}); err == nil {
		t.Error("Keycloak would not follow")
	}
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
