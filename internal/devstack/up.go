package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// Up starts a stack in the background and returns when it is ready and .dev/env is written.
// Beside a live stack it says so and does nothing; beside a dead one it starts afresh.
func Up(ctx context.Context, root string, say io.Writer) error {
	waits := false
	for {
		lock, err := tryLock(lockFile(root))
		if err == nil {
			return upLocked(ctx, root, lock, say)
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		live, err := beside(ctx, root, say)
		if live || err != nil {
			return err
		}
		if !waits {
			_, _ = fmt.Fprintln(say, "devstack: another stack is starting or stopping here: waiting for it")
			waits = true
		}
		if err := pause.For(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// beside deals with a lock that is held. A stack of which a part has died it ends; live means
// that there is nothing left to do.
func beside(ctx context.Context, root string, say io.Writer) (live bool, err error) {
	env, err := ReadEnv(EnvFile(root))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil // it is starting or stopping
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
	for _, en := range table(&e) {
		if n, ok := en.value.(*int); ok && *n != 0 && errors.Is(syscall.Kill(*n, 0), syscall.ESRCH) {
			out = append(out, strings.ToLower(strings.TrimSuffix(en.name, "_PID")))
		}
	}
	return out
}

var errNotStarted = errors.New("the stack did not start; what it said is above, the logs are in .dev/log")

func upLocked(ctx context.Context, root string, lock *os.File, say io.Writer) error {
	if err := forget(root, lock); err != nil {
		return errors.Join(err, lock.Close())
	}
	cmd, progress, err := startSupervisor(root, lock)
	if err := errors.Join(err, lock.Close()); err != nil { // the supervisor has it now
		return err
	}
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		_ = cmd.Wait() // why it ended is in what it said
		close(ended)
	}()
	go func() {
		_, _ = io.Copy(say, progress)
		_ = progress.Close()
		close(told)
	}()
	select {
	case <-ctx.Done():
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		return ctx.Err()
	case <-told: // it closes the pipe when all is ready, or by ending
	}
	if _, err := os.Stat(EnvFile(root)); err != nil {
		<-ended
		return errNotStarted
	}
	return nil
}
