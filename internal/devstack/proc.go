package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 5 * time.Minute
	stopLimit  = 15 * time.Second
	pollEvery  = 100 * time.Millisecond
)

// proc is one child process in a group of its own, so that nothing it starts outlives it.
type proc struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// launch runs cmd with its output in <logs>/<name>.log, after what is there already if more.
func launch(sp *spawner, name, logs string, more bool, cmd *exec.Cmd) (*proc, error) {
	path := filepath.Join(logs, name+".log")
	how := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if !more {
		how |= os.O_TRUNC
	}
	out, err := os.OpenFile(path, how, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithUs(cmd.SysProcAttr)
	if err := sp.start(cmd); err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &proc{name: name, cmd: cmd, log: path, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // that it ended is told by done; why, by its log
		_ = out.Close()
		close(p.done)
	}()
	return p, nil
}

func (p *proc) pid() int { return p.cmd.Process.Pid }

var errEnded = errors.New("ended before it was ready")

// ready polls check until it succeeds, the process ends, or the limit has passed.
// It reports what the last check said, not that the time was over, which explains nothing.
func (p *proc) ready(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	over := time.NewTimer(limit)
	defer over.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over.C:
			return fmt.Errorf("not ready within %s: %w\n%s", limit, err, p.tail())
		case <-p.done:
			return fmt.Errorf("%w (%s)\n%s", errEnded, p.cmd.ProcessState, p.tail())
		case <-tick.C:
		}
	}
}

// stop asks with sig, waits for limit, and then kills the group. It may be called twice.
func (p *proc) stop(sig syscall.Signal, limit time.Duration) {
	p.signal(sig)
	p.signal(syscall.SIGCONT) // a suspended process would not hear of it
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *proc) signal(sig syscall.Signal) { _ = syscall.Kill(-p.pid(), sig) }

// tail is the end of the log, for the one who has to find out what went wrong.
func (p *proc) tail() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return "(no log)"
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return p.log + " ends:\n  " + strings.Join(lines[max(0, len(lines)-20):], "\n  ")
}
