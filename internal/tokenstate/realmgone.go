package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// The deletion of a realm ends all tokens and keys in it for good, so nobody's word alone is believed. An event that
// tells of it raises doubts, as does a look of a listener that found no such realm: whoever has the listener's password
// can publish both. The worker then asks the admin API, and where that knows the realm no more, and its public page
// has gone as well, the realm is closed, which a later look can take back. Final it is where both stand together: it was told, and
// the realm was found gone so much later that the look cannot have come before.

// realmOnlySaidGone: a listener says that there is no such realm, which the worker has yet to see.
func realmOnlySaidGone(m events.Message, o *events.Observation) bool {
	return o.Realm != nil && o.Realm.Gone && m.Source != events.Look
}

// realmVanished notes that a look of the worker found no such realm. A standing would not do, for a later look replaces it.
func (f Facts) realmVanished(m events.Message, at Millis, cause string) {
	f.putSighting(SightingKey{Seat: vanished.Of(Scope{Realm: m.Realm}), Gone: true}, m.Node,
		Sighting{At: at, Second: at.Second(), Cause: cause}, false)
}

// counts reports whether a cutoff is in force: the deletion of a realm once that was seen.
func (f *opened) counts(s Scope, c Cutoff, r Rules) bool {
	if c.Reason != ReasonRealmDeleted {
		return true
	}
	for node, g := range f.seen(SightingKey{Seat: vanished.Of(Scope{Realm: s.Realm}), Gone: true}).all() {
		if r.surelyLater(node, g.At, c.At) {
			return true
		}
	}
	return false
}
