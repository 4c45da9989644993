package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// Supervise is the background process that Up starts: it holds the stack until ctx ends.
func Supervise(ctx context.Context, root string) error {
	// Inherited files are passed on to every child unless told otherwise; a Postgres that holds
	// the lock would make a dead stack look alive.
	syscall.CloseOnExec(progressFD)
	syscall.CloseOnExec(lockFD)
	progress := os.NewFile(progressFD, "progress")
	lock := os.NewFile(lockFD, "lock")
	defer func() { _ = lock.Close() }()
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		return err
	}

	say := both{progress, os.Stderr}
	s, err := Start(ctx, Options{Root: root, Progress: say, Console: true})
	if err != nil {
		_, _ = fmt.Fprintln(progress, "devstack:", err) // and main tells the log
		return err
	}
	if err := s.Env.Write(EnvFile(root)); err != nil {
		_, _ = fmt.Fprintln(progress, "devstack:", err)
		return errors.Join(err, s.Stop())
	}
	_, _ = fmt.Fprintln(say, "devstack: running in the background; .dev/env says where, `make down` stops it")
	_ = progress.Close()
	s.watch(ctx)
	return errors.Join(os.Remove(EnvFile(root)), s.Stop())
}

// watch notes parts that end by themselves, until ctx ends. It starts nothing again: what runs
// beside the stack may have killed it on purpose.
func (s *Stack) watch(ctx context.Context) {
	ended := make(chan string)
	for _, p := range s.parts {
		go func() {
			select {
			case <-p.proc.done:
				select {
				case ended <- fmt.Sprintf("%s ended: %s", p.name, p.proc.cmd.ProcessState):
				case <-ctx.Done():
				}
			case <-ctx.Done():
			}
		}()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-ended:
			_, _ = fmt.Fprintln(os.Stderr, "devstack:", text)
		}
	}
}

// both writes to two places, of which the first, a pipe, may have lost its reader.
type both struct{ pipe, log io.Writer }

func (b both) Write(p []byte) (int, error) {
	_, _ = b.pipe.Write(p)
	return b.log.Write(p)
}
