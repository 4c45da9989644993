package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/deploy"
	"github.com/tokenstate/tokenstate/internal/devstack"
)

const streamName = "TOKENSTATE"

// The users of deploy/nats.conf.
const (
	Listener = "listener"
	Worker   = "worker"
	Operator = "operator"
)

// NATS is a server in this process with the users and rights of deploy/nats.conf, and the
// stream. It can be stopped and started again on the same address and data.
type NATS struct {
	t    testing.TB
	dir  string
	port int // -1 until the first start

	change func(*server.Options) // nil: nothing

	mu     sync.Mutex
	server *server.Server // nil while stopped
}

// NewNATS starts one (about 50 ms), which ends with the test.
func NewNATS(tb testing.TB) *NATS {
	tb.Helper()
	n := &NATS{t: tb, dir: tb.TempDir(), port: server.RANDOM_PORT}
	tb.Cleanup(n.Stop)
	n.Start()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	if err := devstack.CreateStream(ctx, n.URL(Operator)); err != nil {
		tb.Fatalf("testenv: make the stream: %v", err)
	}
	return n
}

// Start starts the server again after Stop. Only the test's own goroutine may call it.
func (n *NATS) Start() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil {
		return
	}
	opts, err := server.ProcessConfigFile(n.config())
	if err != nil {
		n.t.Fatalf("testenv: deploy/nats.conf: %v", err)
	}
	opts.NoSigs, opts.NoLog = true, true
	opts.SyncAlways = false // the machine's power will not fail during a test that matters
	if n.change != nil {
		n.change(opts)
	}
	s, err := server.NewServer(opts)
	if err != nil {
		n.t.Fatalf("testenv: %v", err)
	}
	s.Start()
	if !s.ReadyForConnections(limit) {
		n.t.Fatal("testenv: the NATS server did not start")
	}
	n.server = s
	if n.port == server.RANDOM_PORT {
		n.port = s.Addr().(*net.TCPAddr).Port
	}
}

// Stop ends the server in good order, if it runs.
func (n *NATS) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil {
		n.server.Shutdown()
		n.server.WaitForShutdown()
		n.server = nil
	}
}

// URL is the address with the credentials of a user.
func (n *NATS) URL(user string) string {
	return fmt.Sprintf("nats://%s:%s-pw@127.0.0.1:%d", user, user, n.port)
}

// Port is where it listens on 127.0.0.1.
func (n *NATS) Port() int { return n.port }

// Inbox is the only prefix under which a user may receive replies.
func Inbox(user string) string {
	return map[string]string{Listener: "_INBOX_kc", Worker: "_INBOX_wo", Operator: "_INBOX_op"}[user]
}

// Connect connects a user until the end of the test.
func (n *NATS) Connect(user string, options ...nats.Option) (*nats.Conn, jetstream.JetStream) {
	n.t.Helper()
	return connect(n.t, n.URL(user), user, options)
}

func connect(tb testing.TB, url, user string, options []nats.Option) (*nats.Conn, jetstream.JetStream) {
	tb.Helper()
	options = append([]nats.Option{nats.CustomInboxPrefix(Inbox(user)), nats.MaxReconnects(-1)}, options...)
	nc, err := nats.Connect(url, options...)
	if err != nil {
		tb.Fatalf("testenv: connect as %s: %v", user, err)
	}
	tb.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	return nc, js
}

// config writes deploy/nats.conf with its values above it. A server in its own process has
// them from its environment, which the parallel tests of one process share.
func (n *NATS) config() string {
	n.t.Helper()
	var values strings.Builder
	fmt.Fprintf(&values, "NATS_HOST: 127.0.0.1\nNATS_PORT: %d\nNATS_STORE_DIR: %q\n", n.port, n.dir)
	for name, user := range map[string]string{"LISTENER": Listener, "WORKER": Worker, "OPERATOR": Operator} {
		fmt.Fprintf(&values, "NATS_%s_PASSWORD: %q\n", name, user+"-pw")
	}
	path := filepath.Join(n.dir, "nats.conf")
	if err := os.WriteFile(path, []byte(values.String()+deploy.NATS), 0o600); err != nil {
		n.t.Fatalf("testenv: %v", err)
	}
	return path
}

// DeleteStream is what an operator may do and nobody else.
func (n *NATS) DeleteStream() error {
	ctx, cancel := context.WithTimeout(n.t.Context(), limit)
	defer cancel()
	nc, err := nats.Connect(n.URL(Operator), nats.CustomInboxPrefix("_INBOX_op"))
	if err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = js.DeleteStream(ctx, streamName)
	}
	return err
}
