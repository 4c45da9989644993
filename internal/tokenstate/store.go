package tokenstate

import (
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// A user store is a directory behind Keycloak, such as LDAP. The row of one of its users may vanish
// because the directory was mistyped for ten seconds, so nothing that is learnt of such a user from
// looks is final: only an administrator's deletion is, and the account's own. What Keycloak answers to
// a refresh may also depend on the directory at that moment, which no harmless look asks.
//
// Two facts about users are sightings of seats that no roster has: which store a user was ever seen to
// come from (the store stands where others have the node), and up to when a user had vanished.
const (
	fromStore Matter = "store"
	vanished  Matter = "vanished"
)

// storedID begins the id of a user whom only a store knows: f:<component>:<the store's own id>.
const storedID = "f:"

// comesFrom notes the store of a user. It has no time: who ever came from a store may be missed there.
func (f Facts) comesFrom(realm, user, store string) {
	if user != "" && store != "" && !strings.HasPrefix(user, storedID) { // whose id says so
		f.putSighting(SightingKey{Seat: fromStore.Of(Scope{Realm: realm, User: user})}, store, Sighting{}, false)
	}
}

// StoreOf is a user store that the user is known to come from; "" for one of the realm itself, or of
// whom nobody has told.
func (f Facts) StoreOf(realm, user string) (store string) {
	o := f.open(realm)
	defer o.close()
	return o.storeOf(realm, user)
}

func (f *opened) storeOf(realm, user string) (store string) {
	if rest, ok := strings.CutPrefix(user, storedID); ok {
		store, _, _ = strings.Cut(rest, ":")
		return store
	}
	for s := range f.seen(SightingKey{Seat: fromStore.Of(Scope{Realm: realm, User: user})}).all() {
		store = max(store, s)
	}
	return store
}

// ChangedBeneath is when something last happened that may concern everybody in a realm: a change of a
// user store is such, and what else is such does no harm to be taken for one. 0: never.
func (f Facts) ChangedBeneath(realm string) (at Millis) {
	o := f.open(realm)
	defer o.close()
	for _, raised := range o.doubts(DoubtKey{Doubt: Doubt{Scope: Scope{Realm: realm}, Beneath: true}}).all() {
		at = max(at, raised.At)
	}
	return at
}

// StoreGoneEnough is how many of a store's users must be gone after its change, none being found, for the store to be
// taken for mistyped.
const StoreGoneEnough = 2

// StoreUsers is what is known of the users of a realm's stores.
type StoreUsers struct {
	Known bool // there are such users
	Found bool // a look over the admin API found one after the change
	Gone  int  // so many were gone when such a look came after the change
}

// StoreUsersSince is what looks over the admin API have shown since a change. It walks all standings.
func (f Facts) StoreUsersSince(realm string, change Millis) (u StoreUsers) {
	r := f.realm(realm)
	if r == nil {
		return u
	}
	r.users.each(f.names, func(id string, p *sheet) {
		byNode := p.standings.at(Subject{Authority: Keycloak}.spot())
		if len(p.standings) == 0 || f.StoreOf(realm, id) == "" {
			return
		}
		u.Known = true
		u.Found = u.Found || byNode.of(adminLook).At > change
		if closed := byNode.of(closedAdminLook); closed.At > change && closed.Gone {
			u.Gone++
		} else if closed.At > change {
			u.Found = true // disabled, but there
		}
	})
	return u
}

// vanish notes that a look found no row of a user. It reaches up to its arrival: a key may have been
// made while the news was on its way. What came very late must not reach so far.
func (f Facts) vanish(m events.Message, user string, at Millis, cause string) {
	upto := at
	if m.Received != 0 {
		upto = min(m.Received, at+MaxBehind)
	}
	f.putSighting(SightingKey{Seat: vanished.Of(Scope{Realm: m.Realm, User: user}), Gone: true}, m.Node,
		Sighting{At: upto, Second: upto.Second(), Cause: cause}, false)
}

// vanishedBy is the second up to which keys of the user are dead although the same id lives again: it
// was imported anew, and is nobody's heir. A node's own look says so, and a look over the admin API
// beside a deletion that was told: alone it may have asked another Keycloak.
func (f *opened) vanishedBy(user Scope) (upto Seconds, cause string) {
	if f.storeOf(user.Realm, user.User) != "" {
		return 0, ""
	}
	for node, g := range f.seen(SightingKey{Seat: vanished.Of(Scope{Realm: user.Realm, User: user.User}), Gone: true}).all() {
		if f.pardoned(g.Cause) || nobody(node) && !f.deleted(user) {
			continue
		}
		if g.Second > upto || g.Second == upto && g.Cause < cause {
			upto, cause = g.Second, g.Cause
		}
	}
	return upto, cause
}

func (f *opened) deleted(user Scope) bool {
	for cause, c := range f.cuts(user).all() {
		if !f.pardoned(cause) && c.Reason == ReasonUserDeleted {
			return true
		}
	}
	return false
}
