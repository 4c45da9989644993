package devstack

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
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

// startSupervisor starts one, with its words in .dev/log/devstack.log and, until ready, in the
// pipe.
func startSupervisor(root string, lock *os.File) (*exec.Cmd, *os.File, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, ".dev", "log"), 0o700); err != nil {
		return nil, nil, err
	}
	//nolint:gosec // our own folder
	log, err := os.OpenFile(filepath.Join(root, ".dev", "log", "devstack.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is ours to pass on, not the terminal's
	if err := cmd.Start(); err != nil {
		_ = read.Close()
		return nil, nil, err
	}
	return cmd, read, nil
}
