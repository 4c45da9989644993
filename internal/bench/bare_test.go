package bench

import (
	"runtime"
	"time"
)

// bare is what any program takes that finds one of so many things by a text: Go's map, with one word beside each text. It is
// the physical limit that what we look up is held against: most of a question's time is waiting for memory.
type bare struct {
	of    map[string]*pointee
	bytes float64
}

type pointee struct {
	id   string
	word uint64
}

func (b *bench) bareMap() *bare {
	before := heap()
	m := bare{of: make(map[string]*pointee)} // growing, as ours does
	for i := range b.n {
		key := id('u', i)
		m.of[key] = &pointee{key, uint64(i)}
	}
	m.bytes = heap() - before
	return &m
}

// lookups are nanoseconds for one of these users.
func (m *bare) lookups(rounds int, users []string) (ns []float64) {
	var sum uint64
	ns = each(rounds, len(users), func(i int) {
		if p := m.of[users[i]]; p != nil && p.id == users[i] {
			sum += p.word
		}
	})
	runtime.KeepAlive(sum)
	return ns
}

// collected is milliseconds of a full collection for each gigabyte that is in use.
func collected(rounds int) (ms []float64) {
	used := heap() / (1 << 30)
	for range rounds {
		began := time.Now()
		runtime.GC()
		ms = append(ms, float64(time.Since(began).Microseconds())/1000/used)
	}
	return ms
}

// by divides round by round.
func by(ours, theirs []float64) (ratios []float64) {
	for i := range ours {
		ratios = append(ratios, ours[i]/theirs[i])
	}
	return ratios
}
