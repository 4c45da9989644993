package devstack

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// otherUser is nil for an ordinary user, and for root the user to run Postgres as, which
// refuses to run as root.
func otherUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil // no credential is needed
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("postgres refuses to run as root, and there is neither a user postgres nor a user nobody to run it as")
}

// asUser has cmd run as that user in dir, with an environment in which only dir is writable.
func asUser(cmd *exec.Cmd, cred *syscall.Credential, dir string) *exec.Cmd {
	cmd.Dir = dir
	cmd.Env = append(cleanEnv(), "HOME="+dir, "TMPDIR="+dir)
	if cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	return cmd
}
