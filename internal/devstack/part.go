package devstack

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// part is one server of the stack: how to start it, again if need be, at the same address and
// on the same data, and how to know that it is ready.
type part struct {
	name  string
	sig   syscall.Signal // asks it to end in good order
	limit time.Duration  // to become ready
	pid   *int           // its place in Env
	make  func() *exec.Cmd
	check func(context.Context) error
	proc  *proc
}

// add starts a part for the first time and has Stop end it.
func (s *Stack) add(ctx context.Context, p *part) error {
	if p.limit == 0 {
		p.limit = startLimit
	}
	if err := s.run(p); err != nil {
		return err
	}
	s.mu.Lock()
	s.parts = append(s.parts, p)
	s.mu.Unlock()
	return p.proc.ready(ctx, p.limit, p.check)
}

func (s *Stack) run(p *part) error {
	proc, err := launch(s.spawner, p.name, s.opts.Logs, p.proc != nil, p.make())
	if err != nil {
		return err
	}
	p.proc = proc
	*p.pid = proc.pid()
	return nil
}

// Kill ends one part (postgres, nats, keycloak, keycloak2, worker, authapi) with a signal and waits until
// it has ended; one that has not within a quarter of a minute is killed. Its data stays.
func (s *Stack) Kill(name string, sig syscall.Signal) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	p.proc.stop(sig, stopLimit)
	return nil
}

// Restart starts a part that has ended or been killed, at its old address, and waits until it
// is ready. Its process id in Env is a new one.
func (s *Stack) Restart(ctx context.Context, name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	select {
	case <-p.proc.done:
	default:
		p.proc.stop(p.sig, stopLimit)
	}
	for tries := 0; ; tries++ {
		if err := s.run(p); err != nil {
			return err
		}
		err := p.proc.ready(ctx, p.limit, p.check)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errEnded) || tries == restarts {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := pause.For(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// restarts are how often a part that ends at once is started again: of a Postgres that was killed
// the children live on for a moment, and hold its shared memory.
const restarts = 20

func (s *Stack) part(name string) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no part of the stack is called %q", name)
}
