package tokenstate

import "maps"

// Apart calls visit for each subject of which a and b say different things, with what each says of it, in no order; and once
// for the pardons, if they differ. It takes hardly any memory: two states of a million tokens are compared by it.
func Apart(a, b Facts, visit func(a, b Facts)) {
	theirs := beside{of: b}
	a.each(func(s Scope, p *sheet) {
		if other := theirs.sheet(s); !p.equal(other) {
			visit(only(s, p), only(s, other))
		}
	})
	theirs.close()
	theirs = beside{of: a}
	b.each(func(s Scope, p *sheet) {
		if p.size() > 0 && theirs.sheet(s).size() == 0 { // the others were visited
			visit(NewFacts(), only(s, p))
		}
	})
	theirs.close()
	if !maps.Equal(a.pardonsOrNone(), b.pardonsOrNone()) {
		visit(pardonsOf(a), pardonsOf(b))
	}
}

// beside gives the sheets of other facts, realm by realm.
type beside struct {
	of Facts
	at *opened
}

func (b *beside) sheet(s Scope) *sheet {
	if b.at == nil || b.at.name != s.Realm {
		b.close()
		b.at = b.of.open(s.Realm)
	}
	return b.at.sheet(s)
}

func (b *beside) close() {
	if b.at != nil {
		b.at.close()
		b.at = nil
	}
}

// only is what is known of one subject.
func only(s Scope, p *sheet) Facts {
	f := NewFacts()
	if p.size() > 0 {
		f.change(s, func(to *sheet) { to.add(p) })
	}
	return f
}

func (f Facts) pardonsOrNone() map[string]Pardoned {
	if f.book == nil {
		return nil
	}
	return f.pardons
}

func pardonsOf(f Facts) Facts {
	out := NewFacts()
	maps.Copy(out.pardons, f.pardonsOrNone())
	return out
}

// Size is how many facts there are.
func (f Facts) Size() int {
	if f.book == nil {
		return 0
	}
	return f.count() + len(f.pardons)
}
