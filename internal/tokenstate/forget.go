package tokenstate

import "slices"

// What is known of people and sessions that nobody holds anything of is forgotten after a time: who is told of again is
// looked at again. What is final stays, and what says that somebody is closed.

// Forget takes out all that is known of exactly this scope of a user or session, under whatever key and node.
func (f Facts) Forget(s Scope) {
	r := f.realm(s.Realm)
	if r == nil {
		return
	}
	of := s.spot(0)
	drop := func(p *sheet) {
		p.standings, p.looks, p.sightings = without(p.standings, of), without(p.looks, of), without(p.sightings, of)
		p.refusals, p.cutoffs, p.doubts = without(p.refusals, of), without(p.cutoffs, of), without(p.doubts, of)
	}
	switch {
	case s.Session != "":
		r.sessions.forget(s.Session, f.names, drop)
	case s.User != "":
		r.users.forget(s.User, f.names, drop)
	}
}

func without[V ranked](l list[V], of spot) list[V] {
	return slices.DeleteFunc(l, func(e entry[V]) bool { return e.spot.sameScope(of) })
}

func (s spot) sameScope(o spot) bool { return s.user == o.user && s.client == o.client }

// ForgetLike forgets what the other facts have forgotten: scopes that they say nothing of, and of which f says nothing but
// what may be forgotten before a time.
func (f Facts) ForgetLike(other Facts, before Millis) {
	var all []Scope
	theirs := beside{of: other}
	f.each(func(s Scope, p *sheet) {
		if s.User == "" && s.Session == "" {
			return
		}
		if other := theirs.sheet(s); !p.equal(other) { // nearly all are
			all = append(all, p.forgettable(s, other, before)...)
		}
	})
	theirs.close()
	for _, s := range all {
		f.Forget(s)
	}
}

// forgettable are the scopes in the sheet of s that may be forgotten, and that the other sheet has not.
func (p *sheet) forgettable(s Scope, other *sheet, before Millis) (all []Scope) {
	stays := map[spot]bool{}
	other.eachFact(func(in spot, _ Millis, _ bool) { stays[spot{user: in.user, client: in.client}] = true })
	p.eachFact(func(in spot, at Millis, ordinary bool) {
		in = spot{user: in.user, client: in.client}
		stays[in] = stays[in] || !ordinary || at >= before
	})
	for in, stay := range stays {
		if !stay {
			all = append(all, s.at(in))
		}
	}
	return all
}

// eachFact calls visit with where each fact stands, of when it is, and whether it is ordinary: neither final, nor closing
// anybody, nor said by the backend. ForgetPage says the same in SQL.
func (p *sheet) eachFact(visit func(in spot, at Millis, ordinary bool)) {
	for _, e := range p.standings {
		visit(e.spot, e.value.At, e.spot.by == "" && !e.value.Gone && !e.value.Disabled && e.value.NotBefore == 0)
	}
	for _, e := range p.cutoffs {
		visit(e.spot, e.value.At, false)
	}
	visitOrdinary(p.looks, visit)
	visitOrdinary(p.sightings, visit)
	visitOrdinary(p.refusals, visit)
	visitOrdinary(p.doubts, visit)
}

func visitOrdinary[V ranked](l list[V], visit func(spot, Millis, bool)) {
	for _, e := range l {
		visit(e.spot, e.value.when(), true)
	}
}
