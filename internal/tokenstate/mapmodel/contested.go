package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Nodes do not share a clock, so two looks of different nodes that lie within the skew have no
// order. Where they disagree the closed side counts (Judge), and somebody must look again as soon as
// a look is surely later than both. Nothing else asks for it: each look has settled the doubt of its
// own event, and a user who was enabled on one node within seconds of being disabled on another
// would stay suspended for a sweep period (measured on two nodes).

// contested: some look at s disagrees with the latest one, which is not surely later.
func (f Facts) contested(s Scope, r Rules) bool {
	nodes := f.said(s, tokenstate.Keycloak)
	var last Standing
	var by string
	for node, st := range nodes {
		if earlierStanding(last, st) || last == st && node < by {
			last, by = st, node
		}
	}
	for _, st := range nodes {
		if !agree(st, last) && !surelyLater(r, by, last.At, st.At) {
			return true
		}
	}
	return false
}

func agree(s, o Standing) bool {
	s.At, s.Cause = o.At, o.Cause
	return s == o
}

// seatContested: t's session counts as ended although a look lists it, or nodes list it with different starts, and no
// look that covers t is surely later than these listings.
func (f Facts) seatContested(t Token, r Rules) bool {
	listed := f.Sightings[SightingKey{Seat: seat(t)}]
	if t.Client == "" || len(listed) == 0 {
		return false
	}
	ended, disputed := len(f.ended(t, listed, r))+len(f.missing(t, listed, r)) > 0, f.startDisputed(t, r)
	if !ended && !disputed {
		return false
	}
	looks := f.looksFor(Doubt{Scope: Scope{Realm: t.Realm, User: t.User}}, t)
	for node, l := range listed {
		if (ended || !nobody(node)) && !seenAfter(r, looks, node, l.At) { // the admin API shows no start
			return true
		}
	}
	return false
}

// seenAfter: a later look of the same node, or a surely later one of another.
func seenAfter(r Rules, looks PerNode[Millis], node string, at Millis) bool {
	for n, l := range looks {
		if surelyLater(r, n, l, at) || n == node && !nobody(n) && l > at {
			return true
		}
	}
	return false
}
