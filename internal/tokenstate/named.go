package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// A token says the client_id by which its client was called when the token was issued, and facts are about the client's
// UUID. A client that was renamed a moment ago no longer carries the name, so the name is remembered with the client that
// was last seen to carry it: the seat of such a sighting is the client_id, and its owner the UUID.
const calledBy = "client_id"

func calledSeat(realm, clientID string) SightingKey {
	return SightingKey{Seat: Scope{Realm: realm, Client: clientID, Key: calledBy}}
}

func (f Facts) learnName(realm string, c events.ClientLook, node string, at Millis, cause string) {
	if c.ClientID != "" && !c.Gone {
		f.putSighting(calledSeat(realm, c.ClientID), node, Sighting{At: at, Owner: c.Client, Cause: cause}, false)
	}
}

// lastCalled is the UUID of the client that was last seen to carry the client_id; "" if none was.
func (f *opened) lastCalled(realm, clientID string) string {
	var last Sighting
	for _, s := range f.seen(calledSeat(realm, clientID)).all() {
		if last.Owner == "" || loses(last, s) {
			last = s
		}
	}
	return last.Owner
}
