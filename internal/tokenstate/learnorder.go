package tokenstate

import (
	"github.com/tokenstate/tokenstate/internal/events"
)

// learnOrder: what we decided, or saw ourselves. Its time is the database's own, written by
// whoever issued it, so a replay learns the same.
func learnOrder(f Facts, m events.Message, o *events.Order) {
	at := logTime(m)
	s := Scope{Realm: m.Realm, User: o.User, Client: o.Client, Session: o.Session}
	switch o.Order {
	case events.OrderRevoke:
		cut(f, s, m.ID, Cutoff{Before: o.Before, At: at, Tokens: o.Tokens, Keys: o.Keys, Reason: ReasonOrder})
	case events.OrderKeyRevoked:
		cut(f, Scope{Realm: m.Realm, User: o.User, Key: o.Key}, m.ID,
			Cutoff{Before: at.Second() + 1, At: at, Keys: true, Reason: "revoked"})
	case events.OrderStanding:
		user := Scope{Realm: m.Realm, User: o.User}
		f.putStanding(Subject{user, Backend}, "", Standing{At: at, Disabled: !o.Enabled, Cause: m.ID}, false)
		if o.CredentialsRevokedBefore > 0 {
			cut(f, user, m.ID, Cutoff{Before: o.CredentialsRevokedBefore, At: at, Tokens: true, Keys: true, Reason: ReasonOrder})
		}
	case events.OrderLook:
		learnLook(f, m, o, at)
	case events.OrderErase: // ids and digests stay, and with them the facts
	case events.OrderRefresh:
		learnRefresh(f, m, o, at)
	}
}

// learnLook doubts a user; a session, if that is all that is known; or else everybody.
func learnLook(f Facts, m events.Message, o *events.Order, at Millis) {
	s := Scope{Realm: m.Realm, User: o.User}
	if o.User == "" {
		s.Session = o.Session
	}
	f.raise(Doubt{Scope: s}, "", at, m.ID)
	if s == (Scope{Realm: m.Realm}) {
		f.raise(listingDoubt(s), "", at, m.ID)
	}
}

// RefusalOf is the token whose refresh an order tells of.
func RefusalOf(realm string, o *events.Order) RefusalKey {
	at := Scope{Realm: realm, User: o.User, Client: o.Client, Session: o.Session, Key: o.ClientID}
	if o.Client == "" {
		at.Client, at.Key = o.ClientID, ""
	}
	return RefusalKey{at, o.IssuedAt}
}

// learnRefresh: the latest outcome of exactly this token, and after a refusal a doubt on its
// user. It never spreads to the session, the user or keys.
func learnRefresh(f Facts, m events.Message, o *events.Order, at Millis) {
	f.putRefusal(RefusalOf(m.Realm, o), Refusal{At: at, Refused: o.Refused, RetryAt: o.RetryAt, Reason: o.ErrorDescription, Cause: m.ID},
		false)
	if o.Refused {
		f.raise(Doubt{Scope: Scope{Realm: m.Realm, User: o.User}}, "", at, m.ID)
	}
}
