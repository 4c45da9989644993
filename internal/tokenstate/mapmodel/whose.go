package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// A token's user is what its sub says, and that need not be the id of a user in Keycloak: a client may have pairwise
// subjects, or a mapper that puts something else there. Whose token it is, its session tells: looks list sessions with
// their owner.

// OwnerOf is Keycloak's id of the user whose session the token's is, as the latest look that says so has shown; else the
// user whom the token names. It knows the owner only of a token whose client's UUID is known.
func (f Facts) OwnerOf(t Token) string {
	if t.Client == "" {
		return t.User
	}
	var last Sighting
	for _, s := range f.Sightings[SightingKey{Seat: seat(t)}] {
		if s.Owner != "" && earlierSighting(last, s) {
			last = s
		}
	}
	if last.Owner != "" {
		return last.Owner
	}
	return t.User
}

// Sighted reports whether any look has listed t's session.
func (f Facts) Sighted(t Token) bool {
	return t.Client != "" && len(f.Sightings[SightingKey{Seat: seat(t)}]) > 0
}

// ownerless: looks of nodes say that Keycloak has no user of this id, and none has ever listed the token's session. Then
// the token may as well name its user otherwise: its session must be looked at, and until then nothing follows from there
// being no such user. Over the admin API nobody can ask for a session by its id: whoever asks there looks for it in its
// client's listing, and tells first what was found. Beyond that what it says of the user is
// taken as it is, or a token of somebody who is really gone would stay in doubt for ever.
func (f Facts) ownerless(t Token, r Rules) bool {
	if t.Client == "" || f.Sighted(t) {
		return false
	}
	nodes := f.said(Scope{Realm: t.Realm, User: t.User}, tokenstate.Keycloak)
	if nodes[adminLook].Gone || nodes[closedAdminLook].Gone {
		return false
	}
	_, so := closedLook(nodes, r, gone)
	return so
}

// ownerInQuestion: such a token is in doubt until a look covers its session itself. What is final does not wait for it.
func (f Facts) ownerInQuestion(t Token, r Rules) bool {
	return f.ownerless(t, r) && !f.bySession(t) && len(f.cutoffs(t, r)) == 0
}

// bySession reports whether a look covers the session itself: then it is known what became of it.
func (f Facts) bySession(t Token) bool {
	for _, s := range []Scope{{Realm: t.Realm, Session: t.Session}, {Realm: t.Realm, Client: t.Client, Session: t.Session}} {
		if len(f.Looks[s]) > 0 {
			return true
		}
	}
	return false
}

// asNamed are the closures of a token by the name that others know its user by: orders and the backend's word, which bear
// the name that the backend uses.
func (f Facts) asNamed(t Token, r Rules) []closure {
	user := Scope{Realm: t.Realm, User: t.User}
	cs := f.cutoffsOf([]Scope{user, {Realm: t.Realm, User: t.User, Client: t.Client}}, t, r)
	return append(cs, f.closuresBy(tokenstate.Backend, user, r, userChecks(t))...)
}
