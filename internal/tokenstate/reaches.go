package tokenstate

// ReachesMany reports whether a row about a realm or a client, which is about to be set, may change verdicts on tokens
// that were usable and not in doubt, or on owners who were active. It may say so once too often, and never once too
// seldom: whoever remembers such verdicts throws them away for it. Each login brings a look at its realm and client, and
// one that finds them open as they were takes nothing from anybody.
func (f Facts) ReachesMany(r Row, rules Rules) bool {
	switch r := r.(type) {
	case LookRow: // an issuer that the realm had, or a client that did not ask for consent
		return r.Scope.wide() && f.newLook(r)
	case DoubtRow:
		return r.ID.Doubt.Scope.wide() && f.unsettles(r, rules)
	}
	return f.ConcernsEverybody(r)
}

func (f Facts) newLook(r LookRow) bool {
	o := f.open(r.Scope.Realm)
	defer o.close()
	for _, e := range o.sheet(r.Scope).standings {
		if e.value.closed() { // only then does it matter when a client did not ask
			return true
		}
	}
	return len(o.looks(r.Scope)) == 0
}

// unsettles: a doubt is raised, or the look that is now the latest to be taken for events does not list the event that
// raised one of the realm or client itself, and that is not settled otherwise.
func (f Facts) unsettles(r DoubtRow, rules Rules) bool {
	d := r.ID.Doubt
	if !r.ID.Settled || d.Beneath {
		return true
	}
	o := f.open(d.Scope.Realm)
	defer o.close()
	raised := o.doubts(DoubtKey{Doubt: d}).of(r.Node)
	return raised != (Raised{}) && !r.Value.lists(raised.Event) && !rules.settles(o.standingLooks(d.Scope), raised.At)
}
