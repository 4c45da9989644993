package devstack

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner starts processes from one thread that lives until close. It exists because of
// dieWithUs: "parent" means the thread, and Go's other threads come and go.
type spawner struct {
	jobs chan func()
	once sync.Once
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go s.loop()
	return s
}

func (s *spawner) loop() {
	runtime.LockOSThread() // and never unlock: the thread ends with this function
	for job := range s.jobs {
		job()
	}
}

func (s *spawner) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	s.jobs <- func() { done <- cmd.Start() }
	return <-done
}

// close ends the thread; what it started and is still there goes with it.
func (s *spawner) close() { s.once.Do(func() { close(s.jobs) }) }
