package postgres

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// short bounds keep a test from waiting for what a program would wait for.
func short() Bounds {
	return Bounds{Statement: 3 * time.Second, Lock: 2 * time.Second, Idle: 200 * time.Millisecond}
}

const patience = time.Minute

// holdsTheHead is the environment variable that makes this test's program a writer which takes the
// feed's lock, says so, and waits to be frozen.
const holdsTheHead = "TOKENSTATE_TEST_HOLDS_THE_HEAD"

func TestHelperHoldsTheHead(t *testing.T) {
	url := os.Getenv(holdsTheHead)
	if url == "" {
		return // a part of TestAFrozenWriterStopsNobody
	}
	pool, err := Open(t.Context(), url, short())
	must(t, err)
	tx, err := pool.Begin(t.Context())
	must(t, err)
	_, err = q.Announce(t.Context(), tx, dbsqlc.AnnounceParams{Nonce: "frozen", Names: []byte{}})
	must(t, err)
	_, _ = os.Stdout.WriteString("held\n")
	_, _ = io.Copy(io.Discard, os.Stdin) // until we are killed
}

// TestAFrozenWriterStopsNobody: a program that is frozen between its statements and its commit holds
// the lock that orders all writers. Postgres must end its transaction.
func TestAFrozenWriterStopsNobody(t *testing.T) {
	s := New(newPool(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	frozen := startHelper(ctx, t, "TestHelperHoldsTheHead", holdsTheHead+"="+s.pool.Config().ConnString())
	frozen.says("held")
	must(t, frozen.cmd.Process.Signal(syscall.SIGSTOP))
	_, err := s.PutToken(ctx, issued(5), nil)
	must(t, err)
}

// Ensure a writer gives up that waits for a lock whose holder lives, long before its statement's time is over.
func TestNobodyWaitsForALockForEver(t *testing.T) {
	direct, ctx := newPool(t), t.Context()
	pool, err := Open(ctx, direct.Config().ConnString(), Bounds{Statement: patience, Lock: time.Millisecond, Idle: patience})
	must(t, err)
	defer pool.Close()
	must(t, pgx.BeginFunc(ctx, direct, func(tx pgx.Tx) error {
		must(t, q.LockHead(ctx, tx))
		_, err := New(pool).PutToken(ctx, issued(5), nil)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "55P03" {
			t.Errorf("it ended with %v", err)
		}
		return nil
	}))
}

// helper is this test's program, started once more for a part that is to be frozen.
type helper struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startHelper(ctx context.Context, t *testing.T, test, env string) *helper {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.StdoutPipe()
	must(t, err)
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = in.Close(); _ = cmd.Wait() })
	return &helper{t, cmd, bufio.NewScanner(out)}
}

// says waits for a line.
func (h *helper) says(word string) {
	h.t.Helper()
	for h.lines.Scan() {
		if h.lines.Text() == word {
			return
		}
	}
	h.t.Fatalf("the helper ended before it said %q", word)
}

// TestASilentServerEndsTheWait: a server, or a proxy before it, that takes everything and answers
// nothing.
func TestASilentServerEndsTheWait(t *testing.T) {
	proxy := newSwallower(t, newPool(t).Config().ConnConfig)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b := short()
	b.Statement = 200 * time.Millisecond
	pool, err := Open(ctx, proxy.url, b)
	must(t, err)
	defer pool.Close()
	s := New(pool)
	_, err = s.Floor(ctx)
	must(t, err)
	proxy.swallow.Store(true)
	if _, err := s.Floor(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("a silent server: %v, and the caller's own patience: %v", err, ctx.Err())
	}
	proxy.swallow.Store(false)
	if _, err := s.Floor(ctx); err != nil {
		t.Fatalf("after the server is back: %v", err)
	}
}

// swallower passes all on to Postgres until it is told to swallow what comes.
type swallower struct {
	url     string
	swallow atomic.Bool
}

func newSwallower(t *testing.T, to *pgx.ConnConfig) *swallower {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	w := &swallower{url: "postgres://" + to.User + ":" + to.Password + "@" + l.Addr().String() + "/" + to.Database + "?sslmode=disable"}
	network, address := pgNetwork(to)
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			var d net.Dialer
			server, err := d.DialContext(t.Context(), network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go w.pass(server, client)
			go w.pass(client, server)
		}
	}()
	return w
}

func pgNetwork(c *pgx.ConnConfig) (network, address string) {
	if strings.HasPrefix(c.Host, "/") {
		return "unix", c.Host + "/.s.PGSQL." + strconv.Itoa(int(c.Port))
	}
	return "tcp", net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
}

func (w *swallower) pass(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if w.swallow.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
