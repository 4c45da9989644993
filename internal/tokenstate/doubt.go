package tokenstate

// bySessions stands as the key in the scope of a doubt about a user's sessions alone. What ends sessions
// (a logout, a revoked grant) changes nothing about their user, and the look for it does not ask.
const bySessions Matter = "sessions"

// sessionsDoubt is such a doubt.
func sessionsDoubt(realm, user string) Doubt {
	return Doubt{Scope: bySessions.Of(Scope{Realm: realm, User: user})}
}

// byClients stands as the key in the scope of a doubt about the clients of a realm, each of which a look at that client
// settles.
const byClients Matter = "clients"

// clientsDoubt is such a doubt.
func clientsDoubt(realm string) Doubt {
	return Doubt{Scope: byClients.Of(Scope{Realm: realm}), Beneath: true}
}

// clientDue reports whether such a doubt reaches a client.
func (f *opened) clientDue(realm, client string, r Rules) bool {
	return client != "" && f.open(clientsDoubt(realm), r, f.standingLooks(Scope{Realm: realm, Client: client}))
}

// inDoubt reports whether something that reaches t happened after every look that could have
// seen it. A doubt of a user, or beneath a realm, asks for a look at t's sessions and for one at the
// user; of sessions, or beneath a client, for one at t's sessions; of a realm or client itself, at it.
// A token of a client that nobody has seen is in doubt as soon as its user was looked at: no look at sessions can be told
// to be about it. Before, CheckedAt says that nobody has looked.
func (f *opened) inDoubt(t Token, r Rules) bool {
	if f.withoutRealm(t.Realm, r) {
		return f.itselfInDoubt(Scope{Realm: t.Realm}, r)
	}
	scopes, n := t.scopes()
	for _, s := range scopes[:n] {
		for _, d := range [...]Doubt{{Scope: s}, {Scope: s, Beneath: true}} {
			if f.unsettled(d, t, r) {
				return true
			}
		}
	}
	if t.Client == "" && f.coveredAt(t) > 0 || f.rolesUnseen(Scope{Realm: t.Realm, User: t.User}, r) {
		return true
	}
	return f.unsettled(sessionsDoubt(t.Realm, t.User), t, r) || f.listingDue(t, r) || f.ownerInQuestion(t, r) ||
		f.clientDue(t.Realm, t.Client, r) || f.rolesDue(Scope{Realm: t.Realm, User: t.User}, r) ||
		f.consentInQuestion(t, r) || f.issuerInQuestion(t, r)
}

// unsettled: a look that shows only sessions must not settle what happened to their user: whoever was
// disabled a moment before a logout would stay usable until the sweep.
func (f *opened) unsettled(d Doubt, t Token, r Rules) bool {
	if len(f.doubts(DoubtKey{Doubt: d})) == 0 {
		return false // as a rule, and nothing else is to be looked up
	}
	if f.open(d, r, f.looksFor(d, t)) {
		return true
	}
	about := d.Scope == Scope{Realm: t.Realm, User: t.User} || d.Beneath && d.Scope == Scope{Realm: t.Realm}
	return about && f.open(d, r, f.standingLooks(Scope{Realm: t.Realm, User: t.User}))
}

func (f *opened) itselfInDoubt(s Scope, r Rules) bool {
	return f.open(Doubt{Scope: s}, r, f.standingLooks(s))
}

// pagesFor are the looks at t's sessions that can settle a doubt which pages settle, too.
func (f *opened) pagesFor(t Token, r Rules) looked {
	at := f.looksFor(Doubt{Beneath: true}, t)
	at.byAdmin = max(at.byAdmin, f.seenToken(t, r))
	return at
}

// looksFor are the looks that can settle d for t.
func (f *opened) looksFor(d Doubt, t Token) looked {
	if !d.Beneath && d.Scope.User == "" && d.Scope.Session == "" {
		return f.standingLooks(d.Scope)
	}
	var at looked
	for _, s := range t.coverage() {
		for node, l := range f.looks(s).all() {
			at = at.and(node, l.At)
		}
	}
	return at
}

// open: a doubt is settled only by what is surely later: a look that lists the event as cause, or any that is
// surely later than the telling. A look of the same node is no exception, for it may have come between the event
// and its commit.
func (f *opened) open(d Doubt, r Rules, looks looked) bool {
	settled := f.doubts(DoubtKey{Doubt: d, Settled: true})
	for node, raised := range f.doubts(DoubtKey{Doubt: d}).all() {
		if !settled.of(node).lists(raised.Event) && !r.settles(looks, raised.At) {
			return true
		}
	}
	return false
}

// LeastSkew is how much the clocks of one node and of the log may differ where nodes are not said to differ by more.
const LeastSkew Millis = 1000

// settles reports whether one of the looks is surely later than what the log was told at a time.
func (r Rules) settles(looks looked, told Millis) bool {
	r.Skew = max(r.Skew, LeastSkew)
	return r.surelyLater(adminLook, looks.byAdmin+1, told) || r.surelyLater(someNode, looks.byNodes+1, told)
}

// checkedAt is the latest look that covered t, or by when pages had shown both its session and its
// user, by any node.
func (f *opened) checkedAt(t Token, r Rules) Millis { return max(f.coveredAt(t), f.seenToken(t, r)) }

func (f *opened) coveredAt(t Token) Millis {
	var at Millis
	for _, s := range t.coverage() {
		for _, l := range f.looks(s).all() {
			at = max(at, l.At)
		}
	}
	return at
}
