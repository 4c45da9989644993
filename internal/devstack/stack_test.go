package devstack

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Ensure a start that fails ends what it had started: here Keycloak fails, for want of a jar.
func TestStartFails(t *testing.T) {
	root := checkout(t)
	s, err := newStack(t.Context(), Options{Root: root, Services: true, Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.startPostgres(t.Context()), s.startNATS(t.Context())); err != nil {
		t.Fatal(errors.Join(err, s.Stop()))
	}
	_, err = s.buildKeycloak(t.Context())
	if err == nil || !strings.Contains(err.Error(), "make listener") {
		t.Errorf("%v, want it to say how to make the jar", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, root, s.Env.PostgresPID, s.Env.NATSPID)

	if _, err := Start(t.Context(), Options{Root: root, Services: true, Throwaway: true}); err == nil {
		t.Error("a stack without Keycloak was given out")
	}
	nothingLeft(t, root)
}

// Ensure a start that is interrupted leaves nothing.
func TestStartInterrupted(t *testing.T) {
	root := checkout(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{Root: root, Services: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the interruption", err)
	}
	nothingLeft(t, root)
}

// Ensure that of a run that was killed the kernel ends the processes and the next run removes
// the data.
func TestKilled(t *testing.T) {
	root := checkout(t)
	cmd, postgres := held(t, root)
	if gone(postgres) == nil {
		t.Fatal("no Postgres to begin with")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	eventually(t, func() error { return gone(postgres) })
	s, err := newStack(t.Context(), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, root)
}

// Ensure a run does not remove the data of another that lives.
func TestTwoRuns(t *testing.T) {
	root := checkout(t)
	first, err := newStack(t.Context(), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	second, err := newStack(t.Context(), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.dir); err != nil {
		t.Errorf("the first run's data: %v", err)
	}
	if err := errors.Join(second.Stop(), first.Stop()); err != nil {
		t.Error(err)
	}
	nothingLeft(t, root)
}

// Ensure a part comes back at its address with its data, even after a kill.
func TestRestart(t *testing.T) {
	root := checkout(t)
	s, err := newStack(t.Context(), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	if err := s.startNATS(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, url := s.Env.NATSPID, s.natsListener
	publish(t, url)
	if err := s.Kill("nats", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return gone(before) })
	if err := s.Restart(t.Context(), "nats"); err != nil {
		t.Fatal(err)
	}
	if s.Env.NATSPID == before {
		t.Error("the process id is the dead one's")
	}
	if seq := publish(t, url); seq != 2 {
		t.Errorf("stored as %d, want 2: the first was acknowledged", seq)
	}
	if s.Restart(t.Context(), "other") == nil {
		t.Error("an unknown part was restarted")
	}
}

func publish(t *testing.T, url string) uint64 {
	t.Helper()
	nc, err := nats.Connect(url, nats.CustomInboxPrefix("_INBOX_kc"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := js.Publish(t.Context(), "tokenstate.v1.demo.event.LOGOUT", []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return ack.Sequence
}

// Ensure a server that ends at once is told with the end of its log.
func TestEndsBeforeReady(t *testing.T) {
	t.Parallel()
	sp := newSpawner()
	defer sp.close()
	p, err := launch(sp, "broken", t.TempDir(), false, exec.CommandContext(t.Context(), "sh", "-c", "echo the reason; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	err = p.ready(t.Context(), 10*time.Second, func(context.Context) error { return io.EOF })
	if err == nil || !strings.Contains(err.Error(), "the reason") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v, want the exit status and the log", err)
	}
}

// Ensure stop ends what will not listen, what is suspended, and what they started.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"deaf":      "trap '' TERM; echo go; while :; do sleep 1; done",
		"suspended": "echo go; kill -STOP $$; sleep 60",
		"parent":    "trap '' TERM; sleep 61 & echo go; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sp := newSpawner()
			defer sp.close()
			logs := t.TempDir()
			p, err := launch(sp, name, logs, false, exec.CommandContext(t.Context(), "sh", "-c", script))
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error {
				if raw, err := os.ReadFile(filepath.Join(logs, name+".log")); err != nil || len(raw) == 0 {
					return errors.New("it has not begun")
				}
				return nil
			})
			p.stop(syscall.SIGTERM, 300*time.Millisecond)
			eventually(t, func() error {
				if err := syscall.Kill(-p.pid(), 0); err == nil {
					return errors.New("somebody of its group is there")
				}
				return nil
			})
		})
	}
}
