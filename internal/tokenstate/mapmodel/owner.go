package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Owner says what the owner of a key is, as far as f knows.
func Owner(realm, user string, f Facts, r Rules) Ownership {
	s := Scope{Realm: realm, User: user}
	o := Ownership{Active: true, InDoubt: f.ownerInDoubt(s, r)}
	o.CheckedAt, _ = f.seenUser(s, r)
	o.Known = o.CheckedAt > 0
	cs := f.closures(Scope{Realm: realm}, r, []check{
		{gone, tokenstate.Revoked, tokenstate.ReasonRealmDeleted}, {disabled, tokenstate.Suspended, tokenstate.ReasonRealmDisabled},
	})
	cs = append(cs, f.closures(s, r, []check{
		{gone, tokenstate.Revoked, tokenstate.ReasonUserDeleted}, {disabled, tokenstate.Suspended, tokenstate.ReasonUserDisabled},
	})...)
	if w, ok := worst(cs); ok {
		o.Active, o.Reason, o.Since, o.Cause = false, w.reason, w.since, w.cause
	}
	for _, sc := range []Scope{{Realm: realm}, s} {
		f.cut(&o, sc, r)
	}
	if upto, cause := f.vanishedBy(s); cause != "" && upto >= o.KeysBefore {
		o.KeysBefore, o.KeysReason, o.KeysCause = upto+1, tokenstate.ReasonUserDeleted, cause
	}
	return o
}

func (f Facts) cut(o *Ownership, s Scope, r Rules) {
	for cause, c := range f.Cutoffs[s] {
		if _, pardoned := f.Pardons[cause]; pardoned || !c.Keys || !f.counts(s, c, r) {
			continue
		}
		if c.Before > o.KeysBefore || c.Before == o.KeysBefore && cause < o.KeysCause {
			o.KeysBefore, o.KeysReason, o.KeysCause = c.Before, c.Reason, cause
		}
	}
}

// ownerInDoubt: something happened to the user or the realm that no look has settled; or to
// everyone beneath the realm (a user store was removed, the log lost messages), which only a
// look at the user settles.
func (f Facts) ownerInDoubt(user Scope, r Rules) bool {
	if itself := f.itselfInDoubt(Scope{Realm: user.Realm}, r); itself || f.withoutRealm(user.Realm, r) {
		return itself
	}
	urgent, patient := f.ownerDoubts(user, r)
	return urgent || patient
}

// ownerDoubts: urgent is one about the user, patient one about everyone beneath the realm.
func (f Facts) ownerDoubts(user Scope, r Rules) (urgent, patient bool) {
	realm, looks := Scope{Realm: user.Realm}, f.standingLooks(user)
	urgent, patient = f.open(Doubt{Scope: user}, r, looks), f.open(Doubt{Scope: realm, Beneath: true}, r, looks)
	return urgent, patient || f.open(listingDoubt(Scope{Realm: user.Realm}), r, f.userPages(user, r))
}
