package apikey

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Owned is what a transaction that makes a key knows of the key's owner: what is committed, not what a
// replica remembers.
type Owned struct {
	At    tokenstate.Seconds // the database's time
	Owner tokenstate.Ownership
	Facts tokenstate.Facts // of the owner
}

// Cut reports whether an order ended this very key.
func (o Owned) Cut(k Record) bool {
	_, _, cut := o.Facts.KeyCut(k.Realm, k.User, k.ID)
	return cut
}

// Successor is the key that another one is rotated into. OldEnds is when the old one's time is over; 0
// ends it at once, for good.
type Successor struct {
	Issue
	OldEnds tokenstate.Seconds
}

// DecideBy is what a key's holder is told by these facts, where nobody asks for memberships or for fresh knowledge.
func DecideBy(f tokenstate.Facts, r tokenstate.Rules, k Record, now tokenstate.Seconds) Decision {
	cutoff, cause, cut := f.KeyCut(k.Realm, k.User, k.ID)
	d := Admit(k, tokenstate.Owner(k.Realm, k.User, f, r), cut, now, BestEffort())
	if cut && d.Reason == ReasonRevoked && d.Cause == "" {
		d.Since, d.Cause = cutoff.At, cause
	}
	return d
}
