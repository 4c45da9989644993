package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Bare is a stack without parts, for a test that starts its own: several of one program, a second
// Postgres, other addresses. Add starts one; Kill, Restart and Stop are as of any stack.
func Bare(ctx context.Context, opts Options) (*Stack, error) { return newStack(ctx, opts) }

// Part is a server that a caller adds to its stack.
type Part struct {
	Name    string
	Stops   syscall.Signal // asks it to end in good order
	Command func() *exec.Cmd
	Ready   func(context.Context) error
}

// Add starts a part and waits until it is ready.
func (s *Stack) Add(ctx context.Context, p Part) error {
	return s.add(ctx, &part{name: p.Name, sig: p.Stops, pid: new(int), make: p.Command, check: p.Ready})
}

// Signal sends a signal to a part and to all processes that it has started. Postgres gives each of its
// children a process group of its own, so that a signal to the part's group would reach the first only.
func (s *Stack) Signal(name string, sig syscall.Signal) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	var errs []error
	for _, pid := range family(p.proc.pid()) {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("signal %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// Rename gives a part another name, in place of one of that name that has ended: what was a standby is now
// the primary.
func (s *Stack) Rename(name, to string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	if !s.Ended(to) {
		return fmt.Errorf("%s is running", to)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = slices.DeleteFunc(s.parts, func(p *part) bool { return p.name == to })
	p.name = to
	return nil
}

// Ended reports whether a part is not running.
func (s *Stack) Ended(name string) bool {
	p, err := s.part(name)
	if err != nil {
		return true
	}
	select {
	case <-p.proc.done:
		return true
	default:
		return false
	}
}

// family is a process and those that it has started, parents first.
func family(pid int) []int {
	all := []int{pid}
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // none where there is no /proc: then the process alone
	for _, path := range stats {
		raw, err := os.ReadFile(path) //nolint:gosec // the kernel's
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(raw), ") ") // the name before it may hold anything
		fields := strings.Fields(rest)
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return slices.Compact(all)
}

// Folder makes a folder of the run, which Stop removes.
func (s *Stack) Folder(name string) (string, error) { return s.tempDir(name, nil) }

// CleanEnv is the process's environment without what would configure the parts behind the caller's back.
func CleanEnv() []string { return cleanEnv() }
