package tokenstate

// A page of a listing proves life, never absence: offset paging skips the living (keycloak.md F).
// A session that it lists is a sighting like any other. A user that it lists is one, too, of the
// seat that is the user alone (UserSighting). These sightings never replace a look at the user:
// they confirm what the last one told, or call for another.

// byListing stands as the key in the scope of a doubt about everyone beneath a realm or client
// that pages can settle, too: what happened may have ended sessions or closed users, which pages
// show, and whatever else it did has an event of its own.
const byListing Matter = "listing"

// listingDoubt is such a doubt.
func listingDoubt(s Scope) Doubt {
	return Doubt{Scope: byListing.Of(s), Beneath: true}
}

// byRoles stands as the key in the scope of a doubt about the roles of everyone in a realm. Only a look at the user
// settles it, or a page that shows roles: those of the jar's resource do, those of the admin API do not.
const byRoles Matter = "roles"

// rolesDoubt is such a doubt.
func rolesDoubt(realm string) Doubt {
	return Doubt{Scope: byRoles.Of(Scope{Realm: realm}), Beneath: true}
}

// rolesDue reports whether such a doubt reaches a user.
func (f *opened) rolesDue(user Scope, r Rules) bool {
	d := rolesDoubt(user.Realm)
	if len(f.doubts(DoubtKey{Doubt: d})) == 0 {
		return false
	}
	at := f.standingLooks(user)
	if p := f.pageOf(user); p.Roles != RolesUnsaid && (p.Roles == RolesForbid) == f.lacksRole(user, r) {
		at.byAdmin = max(at.byAdmin, p.At)
	}
	return f.open(d, r, at)
}

// listingDue reports whether a doubt that pages settle reaches t.
func (f *opened) listingDue(t Token, r Rules) bool {
	for _, s := range [...]Scope{{Realm: t.Realm}, {Realm: t.Realm, Client: t.Client}} {
		d := listingDoubt(s)
		if len(f.doubts(DoubtKey{Doubt: d})) == 0 {
			continue
		}
		if f.open(d, r, f.pagesFor(t, r)) || f.open(d, r, f.userPages(Scope{Realm: t.Realm, User: t.User}, r)) {
			return true
		}
	}
	return false
}

// userPages are the looks and pages that show the user as they are known.
func (f *opened) userPages(user Scope, r Rules) looked {
	at := f.standingLooks(user)
	seen, _ := f.seenUser(user, r)
	at.byAdmin = max(at.byAdmin, seen)
	return at
}

// pageOf is what the latest page of a listing to show the user told.
func (f *opened) pageOf(user Scope) (p UserSighting) {
	for _, disabled := range [...]bool{false, true} {
		for _, s := range f.seen(SightingKey{Seat: user, Gone: disabled}).all() {
			if s.At > p.At || s.At == p.At && disabled {
				p = s.OfUser(disabled)
			}
		}
	}
	return p
}

// known is what looks have told of a user, as far as a page could confirm it; at is the latest.
// A look that another one follows by more than the supported skew no longer counts.
func (f *opened) known(user Scope, r Rules) (k UserSighting, deleted bool) {
	nodes := f.said(Subject{user, Keycloak})
	for _, s := range nodes.all() {
		k.At = max(k.At, s.At)
	}
	for _, s := range nodes.all() {
		if s.At+r.Skew >= k.At {
			deleted, k.Disabled, k.NotBefore = deleted || s.Gone, k.Disabled || s.Disabled, max(k.NotBefore, s.NotBefore)
		}
	}
	return k, deleted
}

// seenUser is when the user was last seen as they are known: by a look, or by a page that agrees
// with the looks. contradicted: a later page does not agree.
func (f *opened) seenUser(user Scope, r Rules) (at Millis, contradicted bool) {
	k, deleted := f.known(user, r)
	p := f.pageOf(user)
	switch {
	case p.At <= k.At || k.At == 0:
		return k.At, false
	case deleted || p.Disabled != k.Disabled || p.NotBefore != k.NotBefore:
		return k.At, true
	}
	return p.At, false
}

// seenToken is when both t's session and its user were last seen, the one or the other by a page.
// 0: never. It settles no doubt about t alone.
func (f *opened) seenToken(t Token, r Rules) Millis {
	if t.Client == "" {
		return 0
	}
	var listed Millis
	for _, l := range f.seen(SightingKey{Seat: t.seat()}).all() {
		listed = max(listed, l.At)
	}
	if listed == 0 {
		return 0
	}
	user, _ := f.seenUser(Scope{Realm: t.Realm, User: t.User}, r)
	return min(listed, user)
}

// SeenSince reports whether looks or pages from at on have shown the user as they are known, and
// each of their tokens that is not known to be dead.
func SeenSince(user Scope, tokens []Token, facts Facts, r Rules, at Millis) bool {
	f := facts.open(user.Realm)
	defer f.close()
	if f.withoutRealm(user.Realm, r) {
		return f.standingLooks(Scope{Realm: user.Realm}).latest() >= at
	}
	if seen, contradicted := f.seenUser(user, r); contradicted || seen < at {
		return false
	}
	for _, t := range tokens {
		if t = f.resolve(t); f.checkedAt(t, r) < at && !f.dead(t, r) {
			return false
		}
	}
	return true
}
