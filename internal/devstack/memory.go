package devstack

import (
	"os"
	"syscall"
)

// roomInMemory is what must be free: a test's database has 10 MB, and not many are there at a time.
const roomInMemory = 2 << 30

// memory is a folder in memory with room for a throwaway Postgres, "" if there is none or TMPDIR says where such things
// belong. On a disk the four hundred files of each test's database cost five times the processor time that all else in
// making and dropping it does (measured on ext4: 276 ms, and 60 in memory).
func memory() string {
	const dir = "/dev/shm"
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(dir, &fs) != nil {
		return ""
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < roomInMemory {
		return ""
	}
	return dir
}
