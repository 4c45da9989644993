package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// PageTells says what to do about a user whom such a page shows. ask: they have other roles than
// when they were last looked at. No fact of a page says that, so a look must; and the page must not
// be told either, for it would settle doubts about somebody who has just changed. tell: it differs
// from what is known otherwise, or nobody has seen the user for half of their sweep period, and so
// the page is worth a message. What is known anyway is not told again at each sweep: a realm of
// 100,000 users would fill the log with it.
func PageTells(user Scope, p PageUser, f Facts, r Rules, at Millis) (tell, ask bool) {
	k, deleted := f.known(user, r)
	switch {
	case k.At == 0: // never looked at, and due for that
		return true, false
	case deleted || p.Enabled == k.Disabled || p.NotBefore != k.NotBefore:
		return true, false
	case p.OfflineAccess == f.lacksRole(user, r):
		return false, true
	}
	seen, contradicted := f.seenUser(user, r)
	return contradicted || at-seen >= f.sweepFor(user, r)/2, false
}

// lacksRole: of the looks that count for known, some showed the user without offline_access.
func (f Facts) lacksRole(user Scope, r Rules) bool {
	if f.rolesUnseen(user, r) {
		return true
	}
	nodes := f.said(user, tokenstate.Keycloak)
	last := latest(f.standingLooks(user))
	for _, s := range nodes {
		if s.At+r.Skew >= last && s.NoOffline {
			return true
		}
	}
	return false
}

// rolesUnseen reports whether only the user's store could give them the role.
func (f Facts) rolesUnseen(user Scope, r Rules) bool {
	user = byRoles.Of(user)
	_, so := closedLook(f.said(user, tokenstate.Keycloak), r, disabled)
	return so
}
