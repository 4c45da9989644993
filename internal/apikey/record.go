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
	ID         string             `json:"ID"`
	Realm      string             `json:"Realm"`
	User       string             `json:"User"`
	Org        string             `json:"Org"`
	Name       string             `json:"Name"` // Org "" for none; the Name of a system key bears SystemPrefix
	Kind       Kind               `json:"Kind"`
	Generation uint64             `json:"Generation"`
	Created    tokenstate.Seconds `json:"Created"`
	Expires    tokenstate.Seconds `json:"Expires"`   // 0: never; dead from that second on
	NotBefore  tokenstate.Seconds `json:"NotBefore"` // 0: at once
	RevokedAt  tokenstate.Seconds `json:"RevokedAt"` // 0: not revoked
	RevokedBy  string             `json:"RevokedBy"` // cause: the id of the order
	Digest     Sum                `json:"Digest"`
	PepperID   string             `json:"PepperID"`
	Scopes     Scopes             `json:"Scopes,omitempty"`
	// NotMember is not stored: the reader sets it where organisations are checked and the
	// owner is no member of Org.
	NotMember bool `json:"NotMember"`
}
