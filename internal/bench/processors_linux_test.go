package bench

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// only has this process, and what it starts from now on, run on the processors that may says; all, where that would be none.
func only(may func(cpu int) bool) error {
	var all, some unix.CPUSet
	if err := unix.SchedGetaffinity(1, &all); err != nil {
		return err
	}
	for cpu := range len(all) * 64 {
		if all.IsSet(cpu) && may(cpu) {
			some.Set(cpu)
		}
	}
	if some.Count() == 0 {
		some = all
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &some); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}
