package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The background stack of a checkout is held by a supervisor, a devstack process of its own
// session that keeps .dev/devstack.lock locked as long as it lives and writes its process id
// there. The lock tells a live stack from a dead one; a process id alone could be anybody's.

func lockFile(root string) string { return filepath.Join(root, ".dev", "devstack.lock") }

// The supervisor's inherited files, by position in exec.Cmd.ExtraFiles.
const (
	progressFD = 3 // a pipe to `up`, closed when all is ready
	lockFD     = 4 // the lock, which is thereby never free between `up` and its supervisor
)

const downLimit = 90 * time.Second

// Up starts a stack in the background and returns when it is ready and .dev/env is written.
// Beside a live stack it says so and does nothing; beside a dead one it starts afresh.
func Up(ctx context.Context, root string, say io.Writer) error {
	told := false
	for {
		lock, err := tryLock(lockFile(root))
		if err == nil {
			return upLocked(ctx, root, lock, say)
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		live, err := beside(ctx, root, say, &told)
		if live || err != nil {
			return err
		}
	}
}

// beside deals with a lock that is held: it waits for a stack that is starting, and ends one of
// which a part has died. live means that there is nothing left to do.
func beside(ctx context.Context, root string, say io.Writer, told *bool) (live bool, err error) {
	env, err := ReadEnv(EnvFile(root))
	if errors.Is(err, os.ErrNotExist) {
		if !*told {
			_, _ = fmt.Fprintf(say, "devstack: a stack is starting or stopping (process %d): waiting for it\n", supervisorPID(root))
			*told = true
		}
		return false, pause(ctx)
	}
	if err != nil {
		return false, err
	}
	if dead := env.dead(); len(dead) > 0 {
		_, _ = fmt.Fprintf(say, "devstack: a stack is there, but %s ended: starting afresh\n", strings.Join(dead, ", "))
		return false, Down(ctx, root, say)
	}
	_, _ = fmt.Fprintf(say, "devstack: a stack is running already (process %d); .dev/env says where, `make down` stops it\n", supervisorPID(root))
	return true, nil
}

// dead names the parts whose processes are gone.
func (e Env) dead() []string {
	var out []string
	for _, en := range e.table() {
		if n, ok := en.value.(*int); ok && *n != 0 && errors.Is(syscall.Kill(*n, 0), syscall.ESRCH) {
			out = append(out, strings.ToLower(strings.TrimSuffix(en.name, "_PID")))
		}
	}
	return out
}

func upLocked(ctx context.Context, root string, lock *os.File, say io.Writer) error {
	if err := os.Remove(EnvFile(root)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd, progress, err := supervisor(root, lock)
	if err != nil {
		return err
	}
	if err := lock.Close(); err != nil { // the supervisor has it
		return err
	}
	ended := make(chan struct{})
	told := make(chan struct{})
	go func() {
		_ = cmd.Wait() // why it ended is in what it said
		close(ended)
	}()
	go func() {
		_, _ = io.Copy(say, progress)
		close(told)
	}()
	select {
	case <-ctx.Done():
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended // its exit follows our signal
		return ctx.Err()
	case <-ended: // why is in what it said
		<-told
		return errors.New("the stack did not start; what it said is above, the logs are in .dev/log")
	case <-told:
	}
	if _, err := os.Stat(EnvFile(root)); err != nil {
		<-ended // why is in what it said
		return errors.New("the stack did not start; what it said is above, the logs are in .dev/log")
	}
	return cmd.Process.Release()
}

// supervisor starts one, with its words in .dev/log/devstack.log and, until ready, in progress.
func supervisor(root string, lock *os.File) (*exec.Cmd, *os.File, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, ".dev", "log"), 0o700); err != nil {
		return nil, nil, err
	}
	log, err := os.Create(filepath.Join(root, ".dev", "log", "devstack.log")) //nolint:gosec // our own folder
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = log.Close() }()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = write.Close() }()
	cmd := exec.Command(self, "supervise") //nolint:gosec,noctx // ourselves; it is to outlive us
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, log, log
	cmd.ExtraFiles = []*os.File{progressFD - 3: write, lockFD - 3: lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	if err := lock.Truncate(0); err != nil {
		return nil, nil, err
	}
	_, err = lock.WriteAt([]byte(strconv.Itoa(cmd.Process.Pid)), 0)
	return cmd, read, err
}

// Down stops the background stack, waits until it is gone, and removes .dev/env.
func Down(ctx context.Context, root string, say io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, downLimit)
	defer cancel()
	asked := false
	for {
		lock, err := tryLock(lockFile(root))
		if err == nil {
			defer func() { _ = lock.Close() }()
			if !asked {
				_, _ = fmt.Fprintln(say, "devstack: no stack is running")
			}
			if err := os.Remove(EnvFile(root)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		if n := supervisorPID(root); n > 0 && !asked {
			asked = true
			_ = syscall.Kill(n, syscall.SIGTERM)
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("the stack's supervisor (process %d) has not stopped: %w", supervisorPID(root), err)
		}
	}
}

func supervisorPID(root string) int {
	raw, err := os.ReadFile(lockFile(root))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(raw)))
	return n
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
