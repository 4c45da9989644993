package apikey

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Kind says how a key came to be.
type Kind string

// The kinds of keys.
const (
	KindUser   Kind = "user"
	KindSystem Kind = "system" // derived; minted by a backend in its user's name
	KindLegacy Kind = "legacy" // imported, in another format than ours
)

// Record is a stored key: all about it but the key itself. All times are seconds, UTC.
type Record struct {
	ID                     string
	Realm, User, Org, Name string // Org "" for none; the Name of a system key bears SystemPrefix
	Kind                   Kind
	Generation             uint64
	Created                tokenstate.Seconds
	Expires                tokenstate.Seconds // 0: never; dead from that second on
	NotBefore              tokenstate.Seconds // 0: at once
	RevokedAt              tokenstate.Seconds // 0: not revoked
	RevokedBy              string             // cause: the id of the order
	Digest                 Sum
	PepperID               string
	Scopes                 Scopes `json:",omitempty"`
	// NotMember is not stored: the reader sets it where organisations are checked and the
	// owner is no member of Org.
	NotMember bool
}
