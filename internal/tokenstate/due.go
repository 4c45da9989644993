package tokenstate

import "sort"

// Due says whom to look at next: what open doubts name, tokens that were too young when a look
// missed them, clients whose UUID is not known, and whoever was not seen for a sweep period.
// owners are the users of live API keys. The order is fixed: doubts first, then by scope.
//
// now is an argument, and the same clock as the looks' At, as good as it can be had.
func Due(tokens []Token, owners []Scope, f Facts, r Rules, now Millis) []Doubt {
	due := map[Doubt]bool{}
	for _, t := range tokens {
		f.dueFor(due, f.resolve(t), r, now)
	}
	for _, o := range owners {
		user := Scope{Realm: o.Realm, User: o.User}
		if f.ownerInDoubt(user, r) || f.stale(user, r, now) {
			due[Doubt{Scope: user}] = true
		}
		f.dueItself(due, Scope{Realm: o.Realm}, r, now)
	}
	return sorted(due)
}

func (f Facts) dueFor(due map[Doubt]bool, t Token, r Rules, now Millis) {
	user := Scope{Realm: t.Realm, User: t.User}
	if f.tokenDue(t, user, r, now) {
		due[Doubt{Scope: user}] = true
	}
	f.dueItself(due, Scope{Realm: t.Realm}, r, now)
	if t.Client != "" {
		f.dueItself(due, Scope{Realm: t.Realm, Client: t.Client}, r, now)
	}
}

// dueItself: a realm or client with an open doubt of its own, or not seen for a sweep period.
func (f Facts) dueItself(due map[Doubt]bool, s Scope, r Rules, now Millis) {
	looks := f.standingLooks(s)
	if f.open(Doubt{Scope: s}, r, looks) || f.stale(s, r, now) {
		due[Doubt{Scope: s}] = true
	}
}

func (f Facts) tokenDue(t Token, user Scope, r Rules, now Millis) bool {
	for _, d := range t.sessionDoubts() {
		if f.open(d, r, f.looksFor(d, t)) {
			return true
		}
	}
	at := f.checkedAt(t)
	return at == 0 || now-at >= r.Sweep || f.tooYoung(t, r, now) || f.seatContested(t, r) || f.stale(user, r, now)
}

// sessionDoubts are the doubts that a look at the user settles for t.
func (t Token) sessionDoubts() []Doubt {
	var ds []Doubt
	for _, s := range t.scopes() {
		if s.User != "" || s.Session != "" {
			ds = append(ds, Doubt{Scope: s})
		}
		ds = append(ds, Doubt{Scope: s, Beneath: true})
	}
	return ds
}

// tooYoung: the latest look that covers t did not list it, but came too early to prove
// anything; once the margin has passed, another look will.
func (f Facts) tooYoung(t Token, r Rules, now Millis) bool {
	at := f.checkedAt(t)
	ripe := t.IssuedAt.Millis() + r.Margin
	if at == 0 || at >= ripe || now < ripe {
		return false
	}
	for _, l := range f.Sightings[SightingKey{Seat: t.seat()}] {
		if l.At >= at {
			return false
		}
	}
	return true
}

func (f Facts) standingLooks(s Scope) PerNode[Millis] {
	looks := PerNode[Millis]{}
	for n, st := range f.Standings[Subject{s, Keycloak}] {
		looks[n] = max(looks[n], st.At)
	}
	return looks
}

// stale: never seen, not for a sweep period, or by two nodes that disagree.
func (f Facts) stale(s Scope, r Rules, now Millis) bool {
	var at Millis
	for _, l := range f.standingLooks(s) {
		at = max(at, l)
	}
	return at == 0 || now-at >= f.sweepFor(s, r) || f.contested(s, r)
}

// sweepFor is shorter for a closed subject: somebody waits for its enable.
func (f Facts) sweepFor(s Scope, r Rules) Millis {
	if _, closed := closedLook(f.Standings[Subject{s, Keycloak}], r, Standing.closed); closed {
		return min(r.ClosedSweep, r.Sweep)
	}
	return r.Sweep
}

func sorted(due map[Doubt]bool) []Doubt {
	ds := make([]Doubt, 0, len(due))
	for d := range due {
		ds = append(ds, d)
	}
	sort.Slice(ds, func(i, j int) bool { return ds[i].Scope.less(ds[j].Scope) })
	return ds
}

// less sorts realms before clients before users, so that a look at one realm comes before the
// many looks beneath it.
func (s Scope) less(o Scope) bool {
	a := [...]string{s.Realm, s.User, s.Client, s.Session, s.Key}
	b := [...]string{o.Realm, o.User, o.Client, o.Session, o.Key}
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
