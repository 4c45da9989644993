package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

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
		t = f.resolve(t)
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
	tokenstate.SortWants(due)
	return due
}

// DueItself is Due for one realm or client: an open doubt of its own, or not seen for a sweep period.
func DueItself(s Scope, f Facts, r Rules, now Millis) (Want, bool) {
	if s.Client != "" && f.withoutRealm(s.Realm, r) {
		return Want{}, false
	}
	urgent := f.itselfInDoubt(s, r) || f.clientDue(s.Realm, s.Client, r)
	return Want{Scope: s, Urgent: urgent, Told: f.told(Doubt{Scope: s}, clientsDoubt(s.Realm))}, urgent || f.stale(s, r, now)
}

// DueUser is Due for one user with all their tokens; owner: of live API keys.
func DueUser(user Scope, tokens []Token, owner bool, f Facts, r Rules, now Millis) (Want, bool) {
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
func (f Facts) toldOf(user Scope, tokens []Token) Millis {
	at := f.told(Doubt{Scope: user}, sessionsDoubt(user.Realm, user.User), Doubt{Scope: Scope{Realm: user.Realm}, Beneath: true})
	for _, t := range tokens {
		at = max(at, f.told(sessionDoubts(f.resolve(t))...))
	}
	return at
}

func (f Facts) told(doubts ...Doubt) (at Millis) {
	for _, d := range doubts {
		for _, raised := range f.Doubts[DoubtKey{Doubt: d}] {
			at = max(at, raised.At)
		}
	}
	return at
}

func (f Facts) tokenDue(t Token, r Rules, now Millis) (urgent, patient bool) {
	if t.Client == "" { // nobody can ask for the sessions of a client that has no UUID: only for its user
		user := Scope{Realm: t.Realm, User: t.User}
		urgent, patient = f.ownerDoubts(user, r)
		return urgent || f.open(sessionsDoubt(t.Realm, t.User), r, f.standingLooks(user)), patient
	}
	for _, d := range sessionDoubts(t) {
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
func (f Facts) dead(t Token, r Rules) bool {
	return len(f.cutoffs(t, r)) > 0 || len(f.absences(t, r)) > 0
}

// sessionDoubts are the doubts that a look at the user settles for t.
func sessionDoubts(t Token) []Doubt {
	ds := make([]Doubt, 0, 12)
	for _, s := range scopes(t) {
		if s.User != "" || s.Session != "" {
			ds = append(ds, Doubt{Scope: s})
		}
		ds = append(ds, Doubt{Scope: s, Beneath: true})
	}
	return append(ds, sessionsDoubt(t.Realm, t.User))
}

// tooYoung: the latest look that covers t did not list it, but came too early to prove
// anything; once the margin has passed, another look will.
func (f Facts) tooYoung(t Token, r Rules, now Millis) bool {
	ripe := f.ripensAt(t, r)
	return ripe > 0 && now >= ripe
}

// ripensAt is when t will be too young no more; 0 if no look has missed it for that, or if another one that did
// counts already. A listing speaks against a look that missed t only if it is surely later: the session may have
// been removed between the two.
func (f Facts) ripensAt(t Token, r Rules) Millis {
	ripe, tooEarly := t.IssuedAt.Millis()+r.Margin, false
	listed := f.Sightings[SightingKey{Seat: seat(t)}]
	for _, s := range f.provenBy(t, r) {
		for node, l := range f.Looks[s] {
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
func RipensAt(tokens []Token, f Facts, r Rules, now Millis) (next Millis) {
	for _, t := range tokens {
		if at := f.ripensAt(f.resolve(t), r); at > now && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}

// withoutRealm: looks say that the realm is gone, and so there is nobody to ask about anybody in it.
// What is open about them stays open, and makes them due again should the realm come back.
func (f Facts) withoutRealm(realm string, r Rules) bool {
	_, so := closedLook(f.said(Scope{Realm: realm}, tokenstate.Keycloak), r, gone)
	return so
}

func (f Facts) standingLooks(s Scope) PerNode[Millis] {
	looks := PerNode[Millis]{}
	for n, st := range f.said(s, tokenstate.Keycloak) {
		looks[n] = max(looks[n], st.At)
	}
	return looks
}

func latest(looks PerNode[Millis]) (at Millis) {
	for _, l := range looks {
		at = max(at, l)
	}
	return at
}

// stale: never seen, not for a sweep period, or by two nodes that disagree; a user, not looked at by
// themselves for many.
func (f Facts) stale(s Scope, r Rules, now Millis) bool {
	looked := latest(f.standingLooks(s))
	seen, _ := f.seenUser(s, r)
	return looked == 0 || now-looked >= wholeSweeps*r.Sweep || now-seen >= f.sweepFor(s, r) || f.contested(s, r)
}

// sweepFor is shorter for a closed subject: somebody waits for its enable. Not for one that a
// final cutoff has closed.
func (f Facts) sweepFor(s Scope, r Rules) Millis {
	if _, closed := closedLook(f.said(s, tokenstate.Keycloak), r, closed); closed && len(f.Cutoffs[s]) == 0 {
		return min(r.ClosedSweep, r.Sweep)
	}
	return r.Sweep
}
