package bench

import "runtime"

// bare is what any program takes that finds one of so many things by a text: Go's map, with one word beside each text. It is
// the physical limit that what we look up is held against: most of a question's time is waiting for memory.
type bare struct {
	of map[string]*pointee
}

type pointee struct {
	id   string
	word uint64
}

func (b *bench) bareMap() *bare {
	m := bare{of: make(map[string]*pointee)} // growing, as ours does
	for i := range b.n {
		key := id('u', i)
		m.of[key] = &pointee{key, uint64(i)}
	}
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

// against times f, and compares the processor time of it with that of look-ups of the same users, in turn: what else the
// machine does is hardly felt so. What is remembered is computed once, before.
func (m *bare) against(rounds int, users []string, f func(i int)) (ns, ratios []float64) {
	n := len(users)
	used := func(do func()) float64 {
		began := processorTime()
		do()
		return float64(processorTime() - began)
	}
	bare := func() { m.lookups(1, users) }
	each(1, n, f)
	for range rounds {
		first, ours, last := used(bare), used(func() { ns = append(ns, each(1, n, f)...) }), used(bare)
		ratios = append(ratios, 2*ours/(first+last))
	}
	return ns, ratios
}

// by divides round by round.
func by(ours, theirs []float64) (ratios []float64) {
	for i := range ours {
		ratios = append(ratios, ours[i]/theirs[i])
	}
	return ratios
}
