package tokenstate

import "sort"

// Want is a subject that is to be looked at: a realm, a client or a user.
type Want struct {
	Scope Scope
	// Urgent: something has happened to it alone, or a page does not agree with what is known. What
	// is not urgent may wait for the pages of a listing, which show most of it at once.
	Urgent bool
	// Closed: a user who is re-asked every few minutes, for somebody waits for their return.
	Closed bool
	// Told is when the log was last told of something that is, or was, a doubt of this subject. If it has
	// moved since an earlier answer, something new has happened to a subject that was due already.
	Told Millis
	// Tokens is how many tokens a look at a user covers: what the look costs.
	Tokens int
}

// wholeSweeps is after how many sweep periods a user whom only pages have shown is looked at by
// themselves: no page shows roles. By default that is once in 25 days.
const wholeSweeps = 100

// Due says whom to look at next: what open doubts name, tokens that were too young when a look
// missed them, clients whose UUID is not known, and whoever was not seen for a sweep period.
// owners are the users of live API keys. The order is fixed: the urgent first, then by scope.
//
// now is an argument, and the same clock as the looks' At, as good as it can be had.
func Due(tokens []Token, owners []Scope, f Facts, r Rules, now Millis) []Want {
	themselves, users, owning := map[Scope]bool{}, map[Scope][]Token{}, map[Scope]bool{}
	for _, t := range unexpired(tokens, r, now) {
		t = f.resolved(t)
		user := Scope{Realm: t.Realm, User: t.User}
		users[user] = append(users[user], t)
		themselves[Scope{Realm: t.Realm}] = true
		if t.Client != "" {
			themselves[Scope{Realm: t.Realm, Client: t.Client}] = true
		}
	}
	for _, o := range owners {
		user := Scope{Realm: o.Realm, User: o.User}
		owning[user], themselves[Scope{Realm: o.Realm}] = true, true
		if _, known := users[user]; !known {
			users[user] = nil
		}
	}
	var due []Want
	for user, ts := range users {
		if w, ok := DueUser(user, ts, owning[user], f, r, now); ok {
			due = append(due, w)
		}
	}
	for s := range themselves {
		if w, ok := DueItself(s, f, r, now); ok {
			due = append(due, w)
		}
	}
	SortWants(due)
	return due
}

// DueItself is Due for one realm or client: an open doubt of its own, or not seen for a sweep period.
func DueItself(s Scope, facts Facts, r Rules, now Millis) (Want, bool) {
	f := facts.open(s.Realm)
	defer f.close()
	if s.Client != "" && f.withoutRealm(s.Realm, r) {
		return Want{}, false
	}
	urgent := f.itselfInDoubt(s, r) || f.clientDue(s.Realm, s.Client, r)
	return Want{Scope: s, Urgent: urgent, Told: f.told(Doubt{Scope: s}, clientsDoubt(s.Realm))}, urgent || f.stale(s, r, now)
}

// DueUser is Due for one user with all their tokens; owner: of live API keys.
func DueUser(user Scope, tokens []Token, owner bool, facts Facts, r Rules, now Millis) (Want, bool) {
	f := facts.open(user.Realm)
	defer f.close()
	tokens = unexpired(tokens, r, now)
	if len(tokens) == 0 && !owner || f.withoutRealm(user.Realm, r) {
		return Want{}, false
	}
	_, contradicted := f.seenUser(user, r)
	w := Want{Scope: user, Urgent: contradicted || f.contested(user, r), Closed: f.sweepFor(user, r) < r.Sweep}
	due := contradicted || f.stale(user, r, now)
	if owner {
		urgent, patient := f.ownerDoubts(user, r)
		w.Urgent, due = w.Urgent || urgent, due || urgent || patient
	}
	for _, t := range tokens {
		urgent, patient := f.tokenDue(f.resolve(t), r, now)
		w.Urgent, due = w.Urgent || urgent, due || urgent || patient
	}
	if due {
		w.Told, w.Tokens = f.toldOf(user, tokens), len(tokens)
	}
	return w, due
}

// toldOf is told for all that may be a doubt of a user.
func (f *opened) toldOf(user Scope, tokens []Token) Millis {
	at := f.told(Doubt{Scope: user}, sessionsDoubt(user.Realm, user.User), Doubt{Scope: Scope{Realm: user.Realm}, Beneath: true})
	for _, t := range tokens {
		at = max(at, f.told(f.resolve(t).sessionDoubts()...))
	}
	return at
}

func (f *opened) told(doubts ...Doubt) (at Millis) {
	for _, d := range doubts {
		for _, raised := range f.doubts(DoubtKey{Doubt: d}).all() {
			at = max(at, raised.At)
		}
	}
	return at
}

func (f *opened) tokenDue(t Token, r Rules, now Millis) (urgent, patient bool) {
	if t.Client == "" { // nobody can ask for the sessions of a client that has no UUID: only for its user
		user := Scope{Realm: t.Realm, User: t.User}
		urgent, patient = f.ownerDoubts(user, r)
		return urgent || f.open(sessionsDoubt(t.Realm, t.User), r, f.standingLooks(user)), patient
	}
	for _, d := range t.sessionDoubts() {
		if f.unsettled(d, t, r) {
			urgent, patient = urgent || !d.Beneath, true
		}
	}
	if urgent || f.ownerInQuestion(t, r) || f.tooYoung(t, r, now) || f.seatContested(t, r) {
		return true, true
	}
	at := f.checkedAt(t, r)
	return false, patient || f.listingDue(t, r) || f.rolesDue(Scope{Realm: t.Realm, User: t.User}, r) || at == 0 ||
		now-at >= r.Sweep && !f.dead(t, r)
}

// dead: no sweep need ask for t again. A session that lives again is shown by a page, or by the
// next look at its user, and its start has an event.
func (f *opened) dead(t Token, r Rules) bool {
	return len(f.cutoffs(t, r)) > 0 || len(f.absences(t, r)) > 0
}

// sessionDoubts are the doubts that a look at the user settles for t.
func (t Token) sessionDoubts() []Doubt {
	ds := make([]Doubt, 0, 12)
	scopes, n := t.scopes()
	for _, s := range scopes[:n] {
		if s.User != "" || s.Session != "" {
			ds = append(ds, Doubt{Scope: s})
		}
		ds = append(ds, Doubt{Scope: s, Beneath: true})
	}
	return append(ds, sessionsDoubt(t.Realm, t.User))
}

// tooYoung: the latest look that covers t did not list it, but came too early to prove
// anything; once the margin has passed, another look will.
func (f *opened) tooYoung(t Token, r Rules, now Millis) bool {
	ripe := f.ripensAt(t, r)
	return ripe > 0 && now >= ripe
}

// ripensAt is when t will be too young no more; 0 if no look has missed it for that, or if another one that did
// counts already. A listing speaks against a look that missed t only if it is surely later: the session may have
// been removed between the two.
func (f *opened) ripensAt(t Token, r Rules) Millis {
	ripe, tooEarly := t.IssuedAt.Millis()+r.Margin, false
	listed := f.seen(SightingKey{Seat: t.seat()})
	covered := t.coverage()
	for _, s := range covered[f.unproven(t, r):] {
		for node, l := range f.looks(s).all() {
			switch {
			case seenSince(listed, node, l.At, r):
			case l.At >= ripe:
				return 0
			default:
				tooEarly = true
			}
		}
	}
	if tooEarly {
		return ripe
	}
	return 0
}

// RipensAt is when time alone will next make one of these tokens due that a look has missed for
// being too young; 0 if it will not. What becomes due by not being seen for long is not meant.
func RipensAt(tokens []Token, facts Facts, r Rules, now Millis) (next Millis) {
	for _, t := range tokens {
		f := facts.open(t.Realm)
		if at := f.ripensAt(f.resolve(t), r); at > now && (next == 0 || at < next) {
			next = at
		}
		f.close()
	}
	return next
}

// withoutRealm: looks say that the realm is gone, and so there is nobody to ask about anybody in it.
// What is open about them stays open, and makes them due again should the realm come back.
func (f *opened) withoutRealm(realm string, r Rules) bool {
	_, so := closedLook(f.said(Subject{Scope{Realm: realm}, Keycloak}), r, bearer{}, gone)
	return so
}

func (f *opened) standingLooks(s Scope) (looks looked) {
	for node, st := range f.said(Subject{s, Keycloak}).all() {
		looks = looks.and(node, st.At)
	}
	return looks
}

// stale: never seen, not for a sweep period, or by two nodes that disagree; a user, not looked at by
// themselves for many.
func (f *opened) stale(s Scope, r Rules, now Millis) bool {
	looked := f.standingLooks(s).latest()
	seen, _ := f.seenUser(s, r)
	return looked == 0 || now-looked >= wholeSweeps*r.Sweep || now-seen >= f.sweepFor(s, r) || f.contested(s, r)
}

// sweepFor is shorter for a closed subject: somebody waits for its enable. Not for one that a
// final cutoff has closed.
func (f *opened) sweepFor(s Scope, r Rules) Millis {
	if _, closed := closedLook(f.said(Subject{s, Keycloak}), r, bearer{}, inAnyWay); closed && len(f.cuts(s)) == 0 {
		return min(r.ClosedSweep, r.Sweep)
	}
	return r.Sweep
}

// SortWants puts the urgent first, and then realms before clients before users, so that a look
// at one realm comes before the many looks beneath it.
func SortWants(due []Want) {
	sort.Slice(due, func(i, j int) bool {
		if due[i].Urgent != due[j].Urgent {
			return due[i].Urgent
		}
		return due[i].Scope.less(due[j].Scope)
	})
}

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
