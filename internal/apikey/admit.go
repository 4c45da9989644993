package apikey

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Reasons of a refusal, as callers see them. All but ReasonUndecidable are 401; that is 503.
const (
	ReasonUnknown       = "unknown"
	ReasonExpired       = "expired"
	ReasonNotYetValid   = "not_yet_valid"
	ReasonRevoked       = "revoked"
	ReasonUserDisabled  = "user_disabled"
	ReasonUserDeleted   = "user_deleted"
	ReasonRealmDisabled = "realm_disabled"
	ReasonNotAMember    = "not_a_member"
	ReasonUndecidable   = "undecidable"
)

// Decision about a key whose secret has matched. The zero value refuses.
type Decision struct {
	Active bool
	Reason string            // "" only when active
	Since  tokenstate.Millis // 0 if not known
	Cause  string            // the deciding event's or order's id, if any
}

// Admit decides about a key. Call it only after the secret matched: its reasons are for the
// key's holder. cut says that an order cuts this very key (tokenstate.Facts.KeyCut).
// What is final is said first, so that nobody waits for a revoked key to come back.
func Admit(rec Record, owner tokenstate.Ownership, cut bool, now tokenstate.Seconds, p Policy) Decision {
	switch {
	case rec.ID == "" || rec.Realm == "" || rec.User == "":
		return Decision{Reason: ReasonUnknown}
	case rec.RevokedAt != 0:
		return Decision{Reason: ReasonRevoked, Since: rec.RevokedAt.Millis(), Cause: rec.RevokedBy}
	case cut:
		return Decision{Reason: ReasonRevoked}
	case rec.Created < owner.KeysBefore:
		return Decision{false, reasonOf(owner.KeysReason, ReasonRevoked), owner.KeysBefore.Millis(), owner.KeysCause}
	case rec.Expires != 0 && now >= rec.Expires:
		return Decision{Reason: ReasonExpired, Since: rec.Expires.Millis()}
	case !owner.Active:
		return Decision{false, reasonOf(owner.Reason, ReasonUndecidable), owner.Since, owner.Cause}
	case rec.NotMember:
		return Decision{Reason: ReasonNotAMember}
	case now < rec.NotBefore:
		return Decision{Reason: ReasonNotYetValid}
	case !p.allows(owner, now):
		return Decision{Reason: ReasonUndecidable, Since: owner.CheckedAt}
	}
	return Decision{Active: true}
}

// reasonOf puts an owner's reason into the contract's words; a key's holder is told no more.
func reasonOf(reason, other string) string {
	switch reason {
	case tokenstate.ReasonUserDisabled:
		return ReasonUserDisabled
	case tokenstate.ReasonUserDeleted:
		return ReasonUserDeleted
	case tokenstate.ReasonRealmDisabled, tokenstate.ReasonRealmDeleted:
		return ReasonRealmDisabled
	default:
		return other
	}
}
