package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// downLimit is longer than the supervisor may take: five parts, stopLimit each.
const downLimit = 90 * time.Second

// Down stops the background stack, waits until it is gone, and removes .dev/env. Of a stack
// that was killed, whose processes the kernel has ended, it removes what is left.
func Down(ctx context.Context, root string, say io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, downLimit)
	defer cancel()
	asked := 0
	for {
		lock, err := tryLock(lockFile(root))
		if err == nil {
			return errors.Join(downLocked(ctx, root, lock, say, asked != 0), lock.Close())
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		if n := supervisorPID(root); n > 0 && n != asked {
			asked = n
			_ = syscall.Kill(n, syscall.SIGTERM)
		}
		if err := pause.For(ctx, pollEvery); err != nil {
			return fmt.Errorf("the stack's supervisor (process %d) has not stopped: %w", supervisorPID(root), err)
		}
	}
}

func downLocked(ctx context.Context, root string, lock *os.File, say io.Writer, stopped bool) error {
	_, err := os.Stat(EnvFile(root))
	words := "no stack is running"
	switch {
	case stopped:
		words = "the stack is stopped"
	case err == nil:
		words = "the stack had been killed; what it left is removed"
	}
	turn, err := waitLock(ctx, runsDir(root)+".lock")
	if err != nil {
		return err
	}
	if err := errors.Join(forget(root, lock), sweepDead(root), turn.Close()); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(say, "devstack:", words)
	return nil
}

// forget removes what an earlier stack said of itself. Its process id goes first: whoever finds
// the lock held must not send a signal to a number that may be somebody else's by now.
func forget(root string, lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	if err := os.Remove(EnvFile(root)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// supervisorPID is 0 if nobody has said yet.
func supervisorPID(root string) int {
	raw, err := os.ReadFile(lockFile(root))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(raw)))
	return n
}
