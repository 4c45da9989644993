package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// The deletion of a realm ends all tokens and keys in it for good, so nobody's word alone is believed. An event that
// tells of it raises doubts, as does a look of a listener that found no such realm: whoever has the listener's password
// can publish both. The worker then asks the admin API, and where that knows the realm no more, and its public page
// has gone as well, the realm is closed, which a later look can take back. Final it is where both stand together: it was told, and
// the realm was found gone so much later that the look cannot have come before.

// counts reports whether a cutoff is in force: the deletion of a realm once that was seen.
func (f Facts) counts(s Scope, c Cutoff, r Rules) bool {
	if c.Reason != tokenstate.ReasonRealmDeleted {
		return true
	}
	for node, g := range f.Sightings[SightingKey{Seat: vanished.Of(Scope{Realm: s.Realm}), Gone: true}] {
		if surelyLater(r, node, g.At, c.At) {
			return true
		}
	}
	return false
}
