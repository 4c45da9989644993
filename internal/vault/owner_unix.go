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

// ours says whether a file belongs to the user that the program runs as.
func ours(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(s.Uid) == os.Geteuid()
}
