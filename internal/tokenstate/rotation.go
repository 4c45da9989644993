package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// byRotation stands as the key in the scope of what looks say of a realm's refresh tokens: whether each is good once.
const byRotation Matter = "rotation"

// learnRotation: an older jar does not say.
func (f Facts) learnRotation(realm string, r *events.RealmLook, node string, at Millis, cause string) {
	if r.Gone || r.RefreshOnce == nil {
		return
	}
	f.stand(byRotation.Of(Scope{Realm: realm}), node, Standing{At: at, Disabled: *r.RefreshOnce, Cause: cause})
}

// Superseded is the verdict on a token of which a newer generation was stored. Where each refresh token is good once,
// whoever has the newer one has used the older, and the tempting mistake is to let Keycloak decide: it would take the
// second use for a theft, and end the newer one, too (keycloak.md E4). Where one may be used again, or nobody has said,
// the older one is judged like any other.
func Superseded(older Token, newest Seconds, v Verdict, f Facts, r Rules) Verdict {
	if older.IssuedAt >= newest || v.State != Usable {
		return v
	}
	o := f.open(older.Realm)
	defer o.close()
	s, once := closedLook(o.said(Subject{byRotation.Of(Scope{Realm: older.Realm}), Keycloak}), r, bearer{}, disabled)
	if !once {
		return v
	}
	v.State, v.Reason, v.Since, v.Cause, v.InDoubt = Suspended, ReasonSuperseded, newest.Millis(), s.Cause, false
	return v
}
