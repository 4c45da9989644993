package apikey

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Sum is HMAC-SHA-256 of a whole key. A slow hash would add nothing at 256 bits and would
// hand out a lever for denial of service.
type Sum [sha256.Size]byte

// Pepper is a key of the digest, kept out of the database. Key holds raw bytes.
type Pepper struct {
	ID  string
	Key secret.Text
}

// Peppers are all that are in force; the first digests new keys.
type Peppers []Pepper

// Digest of p under the pepper; store it with the pepper's ID.
//
// It is HMAC as RFC 2104 writes it. crypto/hmac makes eight objects for each one, and a digest is most of what a decision
// about a key takes; a test holds the two together.
func Digest(pepper Pepper, p Presented) Sum {
	var inner [sha256.BlockSize + MaxLength]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	key := pepper.Key.Reveal()
	if len(key) > sha256.BlockSize {
		short := sha256.Sum256([]byte(key))
		key = string(short[:])
	}
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	sum := sha256.Sum256(append(inner[:sha256.BlockSize], p.text.Reveal()...))
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// Matches reports whether p is the key of rec. Pass the zero Record when none was found: the
// work is the same, so that the time does not tell whether an id exists.
func (ps Peppers) Matches(rec Record, p Presented) bool {
	pepper, known := ps.of(rec)
	sum := Digest(pepper, p)
	equal := hmac.Equal(sum[:], rec.Digest[:])
	return equal && known && rec.ID != "" && !p.text.Empty()
}

// of gives the pepper of a record's digest. An unknown record, and one whose pepper was retired,
// has another one, to do the same work with.
func (ps Peppers) of(rec Record) (p Pepper, known bool) {
	id := rec.PepperID
	if rec.ID == "" && len(ps) > 0 {
		id = ps[len(ps)-1].ID
	}
	for _, c := range ps { // all of them, whichever it is
		if c.ID == id && c.ID != "" && !c.Key.Empty() {
			p, known = c, true
		} else if !known {
			p = c
		}
	}
	return p, known
}
