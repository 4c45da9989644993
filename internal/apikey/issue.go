package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Errors of whoever keeps keys.
var (
	ErrNotFound = errors.New("no such key")
	// ErrReused: the Idempotency-Key came before, with another request.
	ErrReused = errors.New("the Idempotency-Key belongs to another request")
	// ErrRotated: another key has replaced it already.
	ErrRotated = errors.New("the key was rotated before")
	// ErrTooMany: its owner has as many live keys as one may have.
	ErrTooMany = errors.New("too many keys")
)

// Scopes are what a key may do beyond telling whose it is, separated by spaces; "" is nothing.
type Scopes string

// ScopeAccessToken lets a user's own key get access tokens of its owner's offline token.
const ScopeAccessToken = "access-token"

// Has reports whether scope is one of them.
func (s Scopes) Has(scope string) bool {
	for one := range strings.FieldsSeq(string(s)) {
		if one == scope {
			return true
		}
	}
	return false
}

// Ref names one key of a user. Orgs limits it to keys of these organizations; none means all.
type Ref struct {
	Realm, User, ID string
	Orgs            []string
}

// Issue is a key to be stored.
type Issue struct {
	Record
	LastFour string // of the whole key
	Replaces string // the key that is rotated into it, or ""
	MadeBy   string // the credential that had it made; "": an older or an imported key
}

// NewIssue puts a key's id, digest and last four into rec.
func NewIssue(rec Record, p Presented, pepper Pepper) Issue {
	text := p.text.Reveal()
	rec.ID, rec.Digest, rec.PepperID = p.ID, Digest(pepper, p), pepper.ID
	return Issue{Record: rec, LastFour: text[len(text)-4:]}
}

// Shown is the part of a key that may be shown for ever: up to its id.
func (r Record) Shown() string {
	if r.Kind == KindLegacy {
		return ""
	}
	return Prefix + r.ID
}

// Listed is a stored key as its owner sees it.
type Listed struct {
	Issue
	LastUsed tokenstate.Seconds // 0: never, as far as is written
	Blocked  bool               // nobody can mint a system key of its name
}

// Once is a request that may come again and must then be answered the same. Caller is whose
// Idempotency-Key it is; Key and Request are digests; KeyID is the key that it makes.
type Once struct {
	Caller, KeyID string
	Key, Request  [sha256.Size]byte
	Seed          Seed
}

// Issued is what a request came to. Again: it came before, with this seed.
type Issued struct {
	Record
	Seed    Seed
	Again   bool
	Version int64
}

// Seed makes a key together with the master: a repeated request is given the same secret, and
// nobody has it who lacks either. Fill it from crypto/rand, and forget it after a day.
type Seed [32]byte

// FromSeed gives the key of a seed.
func FromSeed(master secret.Text, s Seed) Presented {
	var e Entropy
	copy(e.ID[:], s.mac(master, "tokenstate/apikey/v1/seed/id"))
	copy(e.Secret[:], s.mac(master, "tokenstate/apikey/v1/seed/secret"))
	return Format(e)
}

func (s Seed) mac(master secret.Text, purpose string) []byte {
	m := hmac.New(sha256.New, []byte(master.Reveal()))
	_, _ = m.Write(append(s[:], purpose...)) // the seed's length is fixed, so this is unambiguous
	return m.Sum(nil)
}
