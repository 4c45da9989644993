package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options say where the project is and what the stack is for.
type Options struct {
	Root      string    // the checkout
	Logs      string    // folder for the processes' logs; default .dev/log
	Progress  io.Writer // one line a step; nil for none
	Throwaway bool      // for tests: Postgres need not survive the machine, only its own death
	Services  bool      // only Postgres, NATS and Keycloak, without our programs
	Database  bool      // only Postgres
	Console   bool      // with the console
	Jar       Jar       // what Keycloak has of ours
	Realm     string    // the name of the realm that is made; "": demo
	Realms    string    // the listener's option realms; "": it hears every realm but master
	Measured  bool      // Postgres counts statements (pg_stat_statements), Keycloak shows its metrics; see KeycloakMetricsURL
	Traces    string    // base URL of an OTLP collector that Keycloak and our programs tell; "": none
	// Nodes: 2 is a cluster of two Keycloak nodes, the parts keycloak and keycloak2; else there is one.
	Nodes int
	// OnPostgres: one node, too, has its database on the stack's Postgres, as a cluster does.
	// The environment variable DEVSTACK_KEYCLOAK_DB=postgres wants the same.
	OnPostgres bool
	// NATSNodes: 3 is a cluster of three NATS servers, the parts nats, nats2 and nats3, with a replica of the stream on
	// each; else there is one.
	NATSNodes int
	// Standby: Postgres has a synchronous standby, which Promote makes the primary.
	Standby bool
	// Skew is how far the second node's clock is ahead of ours, or behind it. Needs libfaketime.
	Skew time.Duration
}

// Stack is what was started. Stop ends it.
type Stack struct {
	// Env says how to reach the parts. Restart changes its process ids.
	Env Env

	opts    Options
	dir     string   // the run's data
	held    *os.File // its lock
	spawner *spawner
	admin   *Admin

	primary, standby cluster // with Standby; they change places

	postgresDir     string // of the Postgres that we started: its binaries
	keycloakMetrics string // URL of the first node's metrics, with Measured

	natsWorker, natsListener string // NATS_URL as these two have it
	workerDatabase           string // DATABASE_URL likewise

	mu    sync.Mutex
	parts []*part // in the order in which they started
}

// Start starts the parts that opts want and waits until each is ready. If one fails, or ctx
// ends, all are stopped and the error says which one and what its log says.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	s, err := newStack(ctx, opts)
	if err != nil {
		return nil, err
	}
	err = s.start(ctx)
	if ctx.Err() != nil {
		err = ctx.Err() // whatever failed, failed for that
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func newStack(ctx context.Context, opts Options) (*Stack, error) {
	onPostgres, err := wantsPostgres(os.Getenv("DEVSTACK_KEYCLOAK_DB"))
	if err != nil {
		return nil, err
	}
	opts.OnPostgres = opts.OnPostgres || onPostgres
	if opts.Standby && (opts.OnPostgres || opts.Nodes > 1) {
		return nil, errors.New("a standby is for our programs: Keycloak's connection names one Postgres, and would not follow")
	}
	if opts.Logs == "" {
		opts.Logs = filepath.Join(opts.Root, ".dev", "log")
	}
	if err := os.MkdirAll(opts.Logs, 0o700); err != nil {
		return nil, err
	}
	dir, held, err := newRunDir(ctx, opts.Root)
	if err != nil {
		return nil, err
	}
	return &Stack{opts: opts, dir: dir, held: held, spawner: newSpawner()}, nil
}

// start brings up the parts, side by side where none needs the other.
func (s *Stack) start(ctx context.Context) error {
	if s.opts.Database {
		return s.timed(ctx, "postgres", s.startPostgres)
	}
	began := time.Now()
	var built keycloakHome
	base, baseCtx := errgroup.WithContext(ctx)
	base.Go(func() error { return s.timed(baseCtx, "postgres", s.startPostgres) })
	base.Go(func() error { return s.timed(baseCtx, "nats", s.startNATS) })
	base.Go(func() (err error) { built, err = s.buildKeycloak(baseCtx); return err })
	if err := base.Wait(); err != nil {
		return err
	}
	rest, restCtx := errgroup.WithContext(ctx)
	rest.Go(func() error {
		return s.timed(restCtx, "keycloak", func(ctx context.Context) error { return s.startKeycloak(ctx, built) })
	})
	if !s.opts.Services {
		rest.Go(func() error { return s.buildPrograms(restCtx) })
	}
	if err := rest.Wait(); err != nil {
		return err
	}
	if !s.opts.Services {
		if err := s.startPrograms(ctx); err != nil {
			return err
		}
	}
	s.say("all is ready after %.1f s", time.Since(began).Seconds())
	return nil
}

func (s *Stack) timed(ctx context.Context, name string, step func(context.Context) error) error {
	began := time.Now()
	if err := step(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.say("%s is ready after %.1f s", name, time.Since(began).Seconds())
	return nil
}

// Stop ends what was started, the last first, and removes its data.
func (s *Stack) Stop() error {
	s.mu.Lock()
	parts := s.parts
	s.parts = nil
	s.mu.Unlock()
	for _, p := range slices.Backward(parts) {
		p.proc.stop(p.sig, stopLimit)
	}
	s.spawner.close()
	return errors.Join(removeRun(s.dir), s.held.Close())
}

// WorkerDatabaseURL has the rights of a worker.
func (s *Stack) WorkerDatabaseURL() string { return s.workerDatabase }

// NATSWorkerURL is NATS_URL as the worker has it, with the least rights.
func (s *Stack) NATSWorkerURL() string { return s.natsWorker }

// KeycloakMetricsURL is where the first node shows its metrics; "" without Measured or on H2.
func (s *Stack) KeycloakMetricsURL() string { return s.keycloakMetrics }

// Admin is the administrator of the stack's Keycloak.
func (s *Stack) Admin() *Admin { return s.admin }

func (s *Stack) say(format string, args ...any) {
	if s.opts.Progress == nil {
		return
	}
	s.mu.Lock() // steps run side by side
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.opts.Progress, "devstack: "+format+"\n", args...)
}
