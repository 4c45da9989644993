package bench

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// resident is what this process has from the operating system and has not given back.
func resident() float64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return float64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// settled is resident once all that is free is given back.
func settled() float64 {
	debug.FreeOSMemory()
	return resident()
}

// peak looks at resident every few milliseconds until it is asked for the most that it has seen.
func peak() (most func() float64) {
	stop, seen := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		most := resident()
		for {
			select {
			case <-stop:
				seen <- max(most, resident())
				return
			case <-tick.C:
				most = max(most, resident())
			}
		}
	}()
	return func() float64 { close(stop); return <-seen }
}
