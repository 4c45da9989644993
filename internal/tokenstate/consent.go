package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// A client may ask for its users' consent. Then Keycloak refuses to refresh unless the user has granted each of the
// token's scopes that a consent screen shows (keycloak.md P10). Which a user has granted no look tells, and the tempting
// way is to learn that, too: it would be more statements for each look at a user, and more questions over the admin API.
// But Keycloak checks it whenever it issues a token. So what it has issued or refreshed since the last change is granted,
// and anything older is in doubt: the next refresh decides, which looks cannot.

// byConsent stands as the key in the scopes of these facts: whether a client asks, the latest look that saw it not ask,
// and the latest change of a client, of a realm's scopes or of a user's consents.
const byConsent Matter = "consent"

func consentOf(s Scope) Scope {
	return byConsent.Of(s)
}

// consentDoubt is about what is granted to a client, by a user, or in a whole realm.
func consentDoubt(s Scope) Doubt { return Doubt{Scope: consentOf(s), Beneath: true} }

// learnConsent: an older jar does not say.
func (f Facts) learnConsent(realm string, c events.ClientLook, node string, at Millis, cause string) {
	if c.Gone || c.ConsentRequired == nil {
		return
	}
	s := consentOf(Scope{Realm: realm, Client: c.Client})
	f.stand(s, node, Standing{At: at, Disabled: *c.ConsentRequired, Cause: cause})
	if !*c.ConsentRequired {
		f.putLook(s, node, Look{At: at, Cause: cause}, false)
	}
}

// consentInQuestion reports whether t's client asks for consent, and something has changed since Keycloak last checked it.
func (f *opened) consentInQuestion(t Token, r Rules) bool {
	client := Scope{Realm: t.Realm, Client: t.Client}
	if _, asks := closedLook(f.said(Subject{consentOf(client), Keycloak}), r, bearer{}, disabled); t.Client == "" || !asks {
		return false
	}
	checked := t.IssuedAt.Millis()
	if o := f.outcome(t); !o.Refused {
		checked = max(checked, o.At)
	}
	since := func(at Millis) bool { return at+max(r.Skew, LeastSkew) >= checked }
	for _, l := range f.looks(consentOf(client)).all() {
		if since(l.At) {
			return true
		}
	}
	for _, s := range [...]Scope{{Realm: t.Realm}, client, {Realm: t.Realm, User: t.User}} {
		for _, raised := range f.doubts(DoubtKey{Doubt: consentDoubt(s)}).all() {
			if since(raised.At) {
				return true
			}
		}
	}
	return false
}
