package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A run's data lies in .dev/run/<random>, which the run holds locked, and where another user
// has to own it, or it is to lie in memory, elsewhere, which the file "outside" lists. So whoever
// comes after a killed run knows what it left and that nobody uses it.

func runsDir(root string) string { return filepath.Join(root, ".dev", "run") }

// newRunDir makes and locks the folder of a run, after removing what killed runs left behind.
// Closing the file unlocks it.
func newRunDir(ctx context.Context, root string) (string, *os.File, error) {
	if err := os.MkdirAll(runsDir(root), 0o700); err != nil {
		return "", nil, err
	}
	// Without this a folder that was made and not yet locked would look like a dead one.
	turn, err := waitLock(ctx, runsDir(root)+".lock")
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = turn.Close() }()
	if err := sweepDead(root); err != nil {
		return "", nil, fmt.Errorf("remove what an earlier run left: %w", err)
	}
	dir, err := os.MkdirTemp(runsDir(root), "")
	if err != nil {
		return "", nil, err
	}
	held, err := tryLock(filepath.Join(dir, "lock"))
	return dir, held, err
}

// tempDir makes a folder of the run: for cred one that this user owns, outside the checkout,
// for the checkout may be unreadable to it.
func (s *Stack) tempDir(name string, cred *syscall.Credential) (string, error) {
	if cred == nil {
		dir := filepath.Join(s.dir, name)
		return dir, os.MkdirAll(dir, 0o700)
	}
	return s.outside("", name, cred)
}

// dataDir is tempDir, but in memory with Throwaway. A Keycloak's database there may grow large, and stays on the disk.
func (s *Stack) dataDir(name string, cred *syscall.Credential) (string, error) {
	if parent := memory(); s.opts.Throwaway && !s.clustered() && parent != "" {
		return s.outside(parent, name, cred)
	}
	return s.tempDir(name, cred)
}

// outside makes a folder in parent that the run's end removes; "": in the system's temporary folder.
func (s *Stack) outside(parent, name string, cred *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp(parent, "tokenstate-"+name+"-")
	if err != nil {
		return "", err
	}
	list, err := os.OpenFile(filepath.Join(s.dir, "outside"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintln(list, dir)
	if err = errors.Join(err, list.Close()); cred != nil {
		err = errors.Join(err, os.Chown(dir, int(cred.Uid), int(cred.Gid)))
	}
	return dir, err
}

// removeRun removes a run's data.
func removeRun(dir string) error {
	var errs []error
	outside, _ := os.ReadFile(filepath.Join(dir, "outside")) //nolint:gosec // our own file; often there is none
	for line := range strings.Lines(string(outside)) {
		errs = append(errs, os.RemoveAll(strings.TrimSpace(line)))
	}
	return errors.Join(append(errs, os.RemoveAll(dir))...)
}

// sweepDead removes the data of runs that nobody holds.
func sweepDead(root string) error {
	found, err := filepath.Glob(filepath.Join(runsDir(root), "*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range found {
		held, err := tryLock(filepath.Join(dir, "lock"))
		if err != nil {
			continue // in use
		}
		errs = append(errs, removeRun(dir), held.Close())
	}
	return errors.Join(errs...)
}
