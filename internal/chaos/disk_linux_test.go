//go:build chaos

package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// ownMounts says that this process sees mounts of its own.
const ownMounts = "TOKENSTATE_CHAOS_OWN_MOUNTS"

// inside runs the tests once more in a process whose mounts nobody else sees. However it ends, even by SIGKILL, they
// go with it: one that stayed would keep the next run from removing what this one left. Only root may.
func inside() (code int, done bool) {
	if os.Getuid() != 0 || os.Getenv(ownMounts) != "" {
		return 0, false
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), ownMounts+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // it dies with the thread
	if err := cmd.Start(); err != nil {
		return 0, false // a container that may not: no disk is filled
	}
	if err := cmd.Wait(); err != nil {
		if ended, ok := errors.AsType[*exec.ExitError](err); ok {
			return max(ended.ExitCode(), 1), true
		}
		return 1, true
	}
	return 0, true
}

// mount puts a small file system over a folder.
func mount(dir, size string, uid, gid int) error {
	if os.Getenv(ownMounts) == "" {
		return errors.New("only root can make one")
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%s,mode=0700,uid=%d,gid=%d", size, uid, gid))
}

// unmount: a process that has just ended may still hold it.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
