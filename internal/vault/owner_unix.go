//go:build unix

package vault

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file that root writes to who had it: the program could not read it otherwise.
func keepOwner(f *os.File, was fs.FileInfo) error {
	s, ok := was.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(s.Uid), int(s.Gid))
}
