package tokenstate

// ranked is a value that may lose against another one. Most are told apart by their time, and only what is of the same
// instant needs the whole rank, which costs more to make than all the rest of a join.
type ranked interface {
	comparable
	when() Millis
	rank() Rank
}

// loses reports whether a loses against b.
func loses[V ranked](a, b V) bool {
	if at, than := a.when(), b.when(); at != than {
		return at < than
	}
	return a != b && a.rank().Less(b.rank())
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
	if b.book == nil {
		return
	}
	for cause, p := range b.pardons {
		f.putPardon(cause, p, false)
	}
	b.each(func(subject Scope, from *sheet) {
		if from.size() > 0 {
			f.change(subject, func(to *sheet) { to.add(from) })
		}
	})
}

func (p *sheet) add(o *sheet) {
	addAll(&p.standings, o.standings)
	addAll(&p.looks, o.looks)
	addAll(&p.sightings, o.sightings)
	addAll(&p.refusals, o.refusals)
	addAll(&p.cutoffs, o.cutoffs)
	addAll(&p.doubts, o.doubts)
}

func addAll[V ranked](to *list[V], from list[V]) {
	for _, e := range from {
		to.write(e.spot, e.node, e.value, false)
	}
}
