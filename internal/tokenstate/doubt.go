package tokenstate

// inDoubt reports whether something that reaches t happened after every look that could have
// seen it. A doubt of a user, or beneath a realm or client, asks for a look at t's sessions;
// a doubt of a realm or client itself asks for a look at it.
func (f Facts) inDoubt(t Token, r Rules) bool {
	if f.withoutRealm(t.Realm, r) {
		return f.itselfInDoubt(Scope{Realm: t.Realm}, r)
	}
	for _, s := range t.scopes() {
		for _, d := range []Doubt{{Scope: s}, {Scope: s, Beneath: true}} {
			if f.open(d, r, f.looksFor(d, t)) {
				return true
			}
		}
	}
	return f.listingDue(t, r)
}

func (f Facts) itselfInDoubt(s Scope, r Rules) bool {
	return f.open(Doubt{Scope: s}, r, f.standingLooks(s))
}

// pagesFor are the looks that can settle a doubt which pages settle, too.
func (f Facts) pagesFor(t Token, r Rules) PerNode[Millis] {
	at := f.looksFor(Doubt{Beneath: true}, t)
	at[""] = max(at[""], f.seenToken(t, r))
	return at
}

// looksFor are the looks that can settle d for t, per node the latest.
func (f Facts) looksFor(d Doubt, t Token) PerNode[Millis] {
	if !d.Beneath && d.Scope.User == "" && d.Scope.Session == "" {
		return f.standingLooks(d.Scope)
	}
	at := PerNode[Millis]{}
	for _, s := range t.coverage() {
		for n, l := range f.Looks[s] {
			at[n] = max(at[n], l.At)
		}
	}
	return at
}

// open: a doubt is settled only by what is surely later: a look that lists the event as cause,
// one by the same node at or after it, or any that is later by more than skew and cache lag.
func (f Facts) open(d Doubt, r Rules, looks PerNode[Millis]) bool {
	settled := f.Doubts[DoubtKey{Doubt: d, Settled: true}]
	for node, raised := range f.Doubts[DoubtKey{Doubt: d}] {
		if by, ok := settled[node]; ok && !by.rank().Less(raised.rank()) {
			continue
		}
		if !seenAfter(looks, node, raised.At, r) {
			return true
		}
	}
	return false
}

func seenAfter(looks PerNode[Millis], node string, at Millis, r Rules) bool {
	for n, l := range looks {
		if n == node && !nobody(n) && l >= at || l >= at+r.Skew+r.CacheLag && l > at {
			return true
		}
	}
	return false
}

// checkedAt is the latest look that covered t, or by when pages had shown both its session and its
// user, by any node.
func (f Facts) checkedAt(t Token, r Rules) Millis { return max(f.coveredAt(t), f.seenToken(t, r)) }

func (f Facts) coveredAt(t Token) Millis {
	var at Millis
	for _, s := range t.coverage() {
		for _, l := range f.Looks[s] {
			at = max(at, l.At)
		}
	}
	return at
}
