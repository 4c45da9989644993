package tokenstate

// PageUser is a user as a page shows them that shows roles, too.
type PageUser struct {
	Enabled, OfflineAccess bool
	NotBefore              Seconds
}

// PageTells says what to do about a user whom such a page shows. ask: they have other roles than
// when they were last looked at. No fact of a page says that, so a look must; and the page must not
// be told either, for it would settle doubts about somebody who has just changed. tell: it differs
// from what is known otherwise, or nobody has seen the user for half of their sweep period, and so
// the page is worth a message. What is known anyway is not told again at each sweep: a realm of
// 100,000 users would fill the log with it.
func PageTells(user Scope, p PageUser, facts Facts, r Rules, at Millis) (tell, ask bool) {
	f := facts.open(user.Realm)
	defer f.close()
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

// lacksRole: of the looks that count for known, some showed the user's rows without offline_access.
func (f *opened) lacksRole(user Scope, r Rules) bool {
	if f.rolesUnseen(user, r) {
		return true
	}
	nodes := f.said(Subject{user, Keycloak})
	last := f.standingLooks(user).latest()
	for _, s := range nodes.all() {
		if s.At+r.Skew >= last && s.NoOffline {
			return true
		}
	}
	return false
}

// KnownGone reports whether looks or a deletion say that there is no such user, and nothing has shown them since.
// A page that does not list them tells nothing new.
func KnownGone(user Scope, facts Facts, r Rules) bool {
	f := facts.open(user.Realm)
	defer f.close()
	_, so := closedLook(f.said(Subject{user, Keycloak}), r, bearer{}, gone)
	return so
}
