package tokenstate

// Nodes do not share a clock, so two looks of different nodes that lie within the skew have no
// order. Where they disagree the closed side counts (Judge), and somebody must look again as soon as
// a look is surely later than both. Nothing else asks for it: each look has settled the doubt of its
// own event, and a user who was enabled on one node within seconds of being disabled on another
// would stay suspended for a sweep period (measured on two nodes).

// contested: some look at s disagrees with the latest one, which is not surely later.
func (f *opened) contested(s Scope, r Rules) bool {
	nodes := f.said(Subject{s, Keycloak})
	var last Standing
	var by string
	for node, st := range nodes.all() {
		if loses(last, st) || last == st && node < by {
			last, by = st, node
		}
	}
	for _, st := range nodes.all() {
		if !st.agrees(last) && !r.surelyLater(by, last.At, st.At) {
			return true
		}
	}
	return false
}

func (s Standing) agrees(o Standing) bool {
	s.At, s.Cause = o.At, o.Cause
	return s == o
}

// seatContested: t's session counts as ended although a look lists it, or nodes list it with different starts, and no
// look that covers t is surely later than these listings.
func (f *opened) seatContested(t Token, r Rules) bool {
	listed := f.seen(SightingKey{Seat: t.seat()})
	if t.Client == "" || len(listed) == 0 {
		return false
	}
	ended, disputed := len(f.ended(t, listed, r))+len(f.missing(t, listed, r)) > 0, f.startDisputed(t, r)
	if !ended && !disputed {
		return false
	}
	for node, l := range listed.all() {
		if (ended || !nobody(node)) && !f.coveredAfter(t, node, l.At, r) { // the admin API shows no start
			return true
		}
	}
	return false
}

// coveredAfter: a later look of the same node covers t, or a surely later one of another.
func (f *opened) coveredAfter(t Token, node string, at Millis, r Rules) bool {
	for _, s := range t.coverage() {
		for n, l := range f.looks(s).all() {
			if r.surelyLater(n, l.At, at) || n == node && !nobody(n) && l.At > at {
				return true
			}
		}
	}
	return false
}
