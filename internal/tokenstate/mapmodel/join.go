package mapmodel

// ranked is a value that may lose against another one. Most are told apart by their time, and only what is of the same
// instant needs the whole rank, which costs more to make than all the rest of a join.
type ranked interface {
	when() Millis
	rank() Rank
}

// loses reports whether a loses against b.
func loses[V ranked](a, b V) bool {
	if at, than := a.when(), b.when(); at != than {
		return at < than
	}
	return a.rank().Less(b.rank())
}

// NewFacts is the empty state, the neutral element of Join.
func NewFacts() Facts {
	return Facts{
		Standings: map[Subject]PerNode[Standing]{}, Looks: map[Scope]PerNode[Look]{},
		Sightings: map[SightingKey]PerNode[Sighting]{}, Refusals: map[RefusalKey]Refusal{},
		Cutoffs: map[Scope]map[string]Cutoff{}, Pardons: map[string]Pardoned{},
		Doubts: map[DoubtKey]PerNode[Raised]{},
	}
}

// Join is what a and b together teach. It changes neither.
func Join(a, b Facts) Facts {
	f := NewFacts()
	f.Add(a)
	f.Add(b)
	return f
}

// Add joins b into f in place, for folds over many messages.
func (f Facts) Add(b Facts) {
	addNested(f.Standings, b.Standings)
	addNested(f.Looks, b.Looks)
	addNested(f.Sightings, b.Sightings)
	add(f.Refusals, b.Refusals)
	addNested(f.Cutoffs, b.Cutoffs)
	add(f.Pardons, b.Pardons)
	addNested(f.Doubts, b.Doubts)
}

// Empty reports whether nothing was learnt.
func (f Facts) Empty() bool {
	return len(f.Standings)+len(f.Looks)+len(f.Sightings)+len(f.Refusals)+
		len(f.Cutoffs)+len(f.Pardons)+len(f.Doubts) == 0
}

func add[K comparable, V ranked](to, from map[K]V) {
	for k, v := range from {
		put(to, k, v)
	}
}

func put[K comparable, V ranked](to map[K]V, k K, v V) {
	if old, ok := to[k]; !ok || loses(old, v) {
		to[k] = v
	}
}

func addNested[K comparable, M ~map[string]V, V ranked](to, from map[K]M) {
	for k, inner := range from {
		for n, v := range inner {
			putIn(to, k, n, v)
		}
	}
}

func putIn[K comparable, M ~map[string]V, V ranked](to map[K]M, k K, n string, v V) {
	if to[k] == nil {
		to[k] = M{}
	}
	put(to[k], n, v)
}
