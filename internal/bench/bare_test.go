package bench

// bare is what any program takes that finds one of so many things by a text: Go's map, with one word beside each text. It is
// the physical limit that what we look up is held against: most of a question's time is waiting for memory.
type bare struct {
	of  map[string]*pointee
	sum uint64 // of what was found: nothing is left out
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
	return each(rounds, len(users), m.finder(users))
}

// finder finds one of these users.
func (m *bare) finder(users []string) func(i int) {
	return func(i int) {
		if p := m.of[users[i]]; p != nil && p.id == users[i] {
			m.sum += p.word
		}
	}
}

// against is how much ours takes, and how many times what finding the same users takes.
func (m *bare) against(rounds int, users []string, ours func(i int)) (ns, ratios []float64) {
	return against(rounds, len(users), m.finder(users), ours)
}

// against times ours, and compares the processor time of it with that of a peer, in turn: what else the machine does is
// hardly felt so. What is remembered is computed once, before.
func against(rounds, n int, peer, ours func(i int)) (ns, ratios []float64) {
	used := func(f func(i int)) (float64, float64) {
		began := processorTime()
		wall := each(1, n, f)[0]
		return wall, float64(processorTime() - began)
	}
	used(ours)
	for range rounds {
		_, first := used(peer)
		wall, took := used(ours)
		_, last := used(peer)
		ns, ratios = append(ns, wall), append(ratios, 2*took/(first+last))
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
