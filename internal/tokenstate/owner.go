package tokenstate

import "slices"

// Ownership is what an API key's owner is. Keys die of deletion, of orders that reach keys and
// of a closed standing; never of logout, session, consent, refusal or not-before.
type Ownership struct {
	Active bool
	Reason string // "" when active: user_disabled, user_deleted, realm_disabled, realm_deleted
	Since  Millis
	Cause  string
	// Known is false for an owner who was never looked at.
	Known bool
	// KeysBefore: keys made before this second are cut off, by KeysCause for KeysReason.
	KeysBefore            Seconds
	KeysReason, KeysCause string
	CheckedAt             Millis
	InDoubt               bool
}

// Owner says what the owner of a key is, as far as f knows.
func Owner(realm, user string, f Facts, r Rules) Ownership {
	o := f.open(realm)
	defer o.close()
	return o.owner(realm, user, r)
}

func (f *opened) owner(realm, user string, r Rules) Ownership {
	s := Scope{Realm: realm, User: user}
	o := Ownership{Active: true, InDoubt: f.ownerInDoubt(s, r)}
	o.CheckedAt, _ = f.seenUser(s, r)
	o.Known = o.CheckedAt > 0
	cs := f.closures(Scope{Realm: realm}, r, bearer{}, []check{
		{gone, Revoked, ReasonRealmDeleted}, {disabled, Suspended, ReasonRealmDisabled},
	})
	cs = append(cs, f.closures(s, r, bearer{}, []check{
		{gone, Revoked, ReasonUserDeleted}, {disabled, Suspended, ReasonUserDisabled},
	})...)
	if w, ok := worst(cs); ok {
		o.Active, o.Reason, o.Since, o.Cause = false, w.reason, w.since, w.cause
	}
	for _, sc := range []Scope{{Realm: realm}, s} {
		o.cut(f, sc, r)
	}
	if upto, cause := f.vanishedBy(s); cause != "" && upto >= o.KeysBefore {
		o.KeysBefore, o.KeysReason, o.KeysCause = upto+1, ReasonUserDeleted, cause
	}
	return o
}

func (o *Ownership) cut(f *opened, s Scope, r Rules) {
	for cause, c := range f.cuts(s).all() {
		if f.pardoned(cause) || !c.Keys || !f.counts(s, c, r) {
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
func (f *opened) ownerInDoubt(user Scope, r Rules) bool {
	if itself := f.itselfInDoubt(Scope{Realm: user.Realm}, r); itself || f.withoutRealm(user.Realm, r) {
		return itself
	}
	urgent, patient := f.ownerDoubts(user, r)
	return urgent || patient
}

// ownerDoubts: urgent is one about the user, patient one about everyone beneath the realm.
func (f *opened) ownerDoubts(user Scope, r Rules) (urgent, patient bool) {
	realm, looks := Scope{Realm: user.Realm}, f.standingLooks(user)
	urgent, patient = f.open(Doubt{Scope: user}, r, looks), f.open(Doubt{Scope: realm, Beneath: true}, r, looks)
	return urgent, patient || f.open(listingDoubt(Scope{Realm: user.Realm}), r, f.userPages(user, r))
}

// KeyCut reports whether one key, by its id or system name and generation, was revoked.
func (f Facts) KeyCut(realm, user, key string) (Cutoff, string, bool) {
	o := f.open(realm)
	defer o.close()
	return o.keyCut(Scope{Realm: realm, User: user, Key: key})
}

// KeysCut reports whether an order has ever cut a key of a user by itself. Where none has, KeyCut need not be asked.
func (f Facts) KeysCut(realm, user string) bool {
	o := f.open(realm)
	defer o.close()
	cuts := o.sheet(Scope{Realm: realm, User: user}).cutoffs
	return slices.ContainsFunc(cuts, func(e entry[Cutoff]) bool { return e.spot.key != "" })
}

func (f *opened) keyCut(key Scope) (Cutoff, string, bool) {
	for cause, c := range f.cuts(key).all() {
		if !f.pardoned(cause) && c.Keys {
			return c, cause, true
		}
	}
	return Cutoff{}, "", false
}
