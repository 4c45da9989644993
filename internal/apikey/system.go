package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// SystemPrefix begins the stored name of a system key; callers see the name without it.
const SystemPrefix = "__SYSTEM__:"

// System names one generation of a system key. Org is "" for none; Name has no prefix.
type System struct {
	Realm, User, Org, Name string
	Generation             uint64
}

// Derive gives the key of s: the same for ever, on every replica, with nothing but its digest
// stored. Raise the generation to get another. Master holds raw bytes and must not be empty.
func Derive(master secret.Text, s System) Presented {
	var e Entropy
	copy(e.ID[:], s.mac(master, "tokenstate/apikey/v1/id"))
	copy(e.Secret[:], s.mac(master, "tokenstate/apikey/v1/secret"))
	return Format(e)
}

// mac writes each field behind its length: joined bare, ("a","bc") and ("ab","c") would
// share a secret.
func (s System) mac(master secret.Text, purpose string) []byte {
	m := hmac.New(sha256.New, []byte(master.Reveal()))
	for _, field := range []string{purpose, s.Realm, s.User, s.Org, s.Name} {
		number(m, uint64(len(field)))
		_, _ = m.Write([]byte(field))
	}
	number(m, s.Generation)
	return m.Sum(nil)
}

func number(m hash.Hash, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	_, _ = m.Write(b[:])
}

// NextGeneration says which generation a mint must give: the present one while it lives, the
// next if rec was revoked, or cut off itself (cut), or made before a cutoff that reaches keys.
// After a restore several generations may be cut: ask again with the new one's record, whose
// Created is the mint's second. A closed standing raises nothing: it is reversible.
func NextGeneration(rec Record, owner tokenstate.Ownership, cut bool) uint64 {
	if cut || rec.RevokedAt != 0 || rec.Created < owner.KeysBefore {
		return rec.Generation + 1
	}
	return rec.Generation
}
