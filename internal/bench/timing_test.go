package bench

import (
	"runtime"
	"syscall"
	"time"
)

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("a process may always ask what it has used: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// each times f so many rounds of n calls, and gives nanoseconds a call.
func each(rounds, n int, f func(i int)) (ns []float64) {
	for range rounds {
		began := time.Now()
		for i := range n {
			f(i)
		}
		ns = append(ns, float64(time.Since(began).Nanoseconds())/float64(n))
	}
	return ns
}

// milliseconds is each for what is called once a round.
func milliseconds(rounds int, f func()) []float64 {
	return scaled(each(rounds, 1, func(int) { f() }), 1e6)
}

func scaled(ns []float64, by float64) []float64 {
	for i := range ns {
		ns[i] /= by
	}
	return ns
}

// heap is what is in use once the garbage is gone.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
