package tokenstate

// ConcernsEverybody reports whether a row that is about to be set may change, for many at once, who is due or for how
// long nobody has seen them: it is about a realm or a client, and tells something new. Each login brings a look at its
// realm and client, and one that finds them open as they were concerns nobody beneath.
func (f Facts) ConcernsEverybody(r Row) bool {
	switch r := r.(type) {
	case PardonRow:
		return true
	case CutoffRow:
		return r.Scope.wide()
	case SightingRow:
		return r.ID.Seat.wide() && f.newlySeen(r)
	case DoubtRow: // of the realm or client itself: it is looked at alone
		return r.ID.Doubt.Beneath && r.ID.Doubt.Scope.wide()
	case StandingRow:
		return r.Subject.Scope.wide() && f.news(r)
	}
	return false // a look at issuers or consents leaves tokens in doubt, which no look at anybody settles
}

func (s Scope) wide() bool { return s.User == "" && s.Session == "" }

// newlySeen reports whether a sighting differs from what is known: which client bore a name is told again at each look.
func (f Facts) newlySeen(r SightingRow) bool {
	o := f.open(r.ID.Seat.Realm)
	defer o.close()
	known := o.seen(r.ID)
	for _, s := range known.all() {
		if s.Owner != r.Value.Owner {
			return true
		}
	}
	return len(known) == 0 || r.ID.Gone
}

// news reports whether a standing differs from what is known, or is closed, or some node's is.
func (f Facts) news(r StandingRow) bool {
	o := f.open(r.Subject.Scope.Realm)
	defer o.close()
	known := o.said(r.Subject)
	for _, s := range known.all() {
		if s.closed() || !s.agrees(r.Value) {
			return true
		}
	}
	return len(known) == 0 || r.Value.closed()
}
