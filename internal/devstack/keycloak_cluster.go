package devstack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// A cluster is two nodes on one database of the stack's Postgres. Their caches are clustered:
// with local ones each node would answer with what it knew before the other changed it, and
// Keycloak would contradict itself.

// clustered: Keycloak keeps its database on the stack's Postgres, whether it has one node or several.
func (s *Stack) clustered() bool { return s.opts.Nodes > 1 || s.opts.OnPostgres }

// wantsPostgres reads DEVSTACK_KEYCLOAK_DB.
func wantsPostgres(db string) (bool, error) {
	switch db {
	case "", "h2":
		return false, nil
	case "postgres":
		return true, nil
	}
	return false, fmt.Errorf("DEVSTACK_KEYCLOAK_DB is %.40q: it must be h2 or postgres", db)
}

// buildOptions are those that a cluster needs, or a single node.
func (s *Stack) buildOptions(version string) []string {
	options := buildOptions(version)
	if i := slices.Index(options, "--db=dev-file"); i >= 0 && s.clustered() {
		options[i] = "--db=postgres"
	}
	if s.opts.Measured {
		options = append(options, "--metrics-enabled=true")
	}
	if s.opts.Traces != "" {
		options = append(options, "--tracing-enabled=true")
	}
	return options
}

// startCluster starts one node, which makes the tables unless the template has them, and then the other.
func (s *Stack) startCluster(ctx context.Context, h keycloakHome) error {
	clock, err := skewedClock(s.opts.Skew)
	if err != nil {
		return err
	}
	database, err := s.makeDatabase(ctx)
	if err != nil {
		return err
	}
	first, err := s.node(h, "kc1", database)
	if err != nil {
		return err
	}
	if err := s.startFirst(ctx, h, first); err != nil {
		return err
	}
	if s.opts.Nodes > 1 {
		second, err := s.node(h, "kc2", database)
		if err != nil {
			return err
		}
		second.env = append(second.env, clock...)
		s.Env.Keycloak2URL = second.url()
		if err := s.addNode(ctx, "keycloak2", second, &s.Env.Keycloak2PID); err != nil {
			return fmt.Errorf("the second node: %w", err)
		}
	}
	return s.admin.NewRealm(ctx, s.Env.KeycloakRealm)
}

// startFirst starts the first node on a copy of the template, or makes that.
func (s *Stack) startFirst(ctx context.Context, h keycloakHome, first keycloakServer) error {
	template, err := s.pgTemplate(h)
	if err != nil {
		return err
	}
	password, err := template.restore(ctx)
	if err != nil {
		return fmt.Errorf("the cached Keycloak is not whole, remove %s: %w", h.dir, err)
	}
	fresh := password == ""
	if fresh {
		password = randomText()
		first.env = append(first.env, "KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD="+password)
	}
	s.introduce(first.url(), password)
	if err := s.addNode(ctx, "keycloak", first, &s.Env.KeycloakPID); err != nil || !fresh {
		return err
	}
	if err := s.admin.hashQuickly(ctx); err != nil {
		return err
	}
	return template.keep(ctx, password)
}

func (s *Stack) node(h keycloakHome, name string, database []string) (k keycloakServer, err error) {
	k.home, k.measured = h, s.opts.Measured
	if k.data, err = s.tempDir("keycloak-"+name, nil); err != nil {
		return k, err
	}
	if k.port, err = freePort(); err != nil {
		return k, err
	}
	if k.opts, err = s.caches(h.version); err != nil {
		return k, err
	}
	if s.opts.Measured {
		if err := s.showMetrics(&k); err != nil {
			return k, err
		}
	}
	listener, err := s.listenerEnv(name, h.version)
	k.env = slices.Concat(listener, database)
	return k, err
}

// caches has nodes find each other in the database, on loopback alone. Before 26.4 no option binds them to it: there a
// node stays alone.
func (s *Stack) caches(version string) ([]string, error) {
	if !sinceMinor(version, 4) {
		if s.opts.Nodes > 1 {
			return nil, fmt.Errorf("two nodes need Keycloak 26.4, and this is %s", version)
		}
		return []string{"--cache=local"}, nil
	}
	transport, err := freePort()
	return []string{
		"--cache=ispn", "--cache-stack=jdbc-ping",
		"--cache-embedded-network-bind-address=127.0.0.1", "--cache-embedded-network-bind-port=" + strconv.Itoa(transport),
	}, err
}

// showMetrics gives the node a management port, on which its metrics are. Health stays on the main one.
func (s *Stack) showMetrics(k *keycloakServer) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	at := strconv.Itoa(port)
	k.opts = append(k.opts, "--http-management-port="+at, "--http-management-host=127.0.0.1")
	if s.keycloakMetrics == "" {
		s.keycloakMetrics = "http://127.0.0.1:" + at + "/metrics"
	}
	return nil
}

func (s *Stack) addNode(ctx context.Context, name string, k keycloakServer, pid *int) error {
	return s.add(ctx, &part{
		name: name, sig: syscall.SIGTERM, pid: pid, limit: keycloakLimit,
		make:  k.command,
		check: func(ctx context.Context) error { return answers(ctx, k.url()+"/health/ready") },
	})
}

// keycloakDatabase is the name of Keycloak's database on the stack's Postgres.
const keycloakDatabase = "keycloak"

var errNoUser = errors.New("a Keycloak on Postgres needs a DATABASE_URL of the form postgres://user:password@host/…")

// makeDatabase makes Keycloak's database, and the environment that says how to connect to it.
func (s *Stack) makeDatabase(ctx context.Context) ([]string, error) {
	u, err := url.Parse(s.Env.DatabaseURL)
	if err != nil || u.User == nil {
		return nil, errNoUser
	}
	conn, err := connect(ctx, s.Env.DatabaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+keycloakDatabase); err != nil {
		return nil, fmt.Errorf("make Keycloak's database: %w", err)
	}
	password, _ := u.User.Password()
	return []string{
		"KC_DB_URL=jdbc:postgresql://" + u.Host + "/" + keycloakDatabase, "KC_DB_USERNAME=" + u.User.Username(), "KC_DB_PASSWORD=" + password,
		"KC_DB_POOL_MAX_SIZE=40", // of the server's 200 connections; the default is 100 for each node
	}, nil
}

// skewedClock is the environment in which a process has another clock than we: libfaketime
// answers what asks for the time of day. Monotonic time stays real, and the library's repair of
// timed waits is off: with it Object.wait of Java 17 returned at once (measured, version 0.9.10).
func skewedClock(ahead time.Duration) ([]string, error) {
	if ahead == 0 {
		return nil, nil
	}
	found, _ := filepath.Glob("/usr/lib*/faketime/libfaketime.so.1")
	debian, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	found = append(found, debian...)
	if len(found) == 0 {
		return nil, errors.New("a skewed clock needs libfaketime: install it and try again (Debian: apt-get install faketime)")
	}
	return []string{
		"LD_PRELOAD=" + found[0],
		fmt.Sprintf("FAKETIME=%+g", ahead.Seconds()),
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0", "FAKETIME_DISABLE_SHM=1",
	}, nil
}
