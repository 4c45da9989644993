package apikey

import (
	"errors"
	"hash/crc32"
	"strings"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// A key reads tokst_<id>_<secret><checksum>; all but the prefix is base62.
const (
	// Prefix is ours alone, so that secret scanners can tell our keys.
	Prefix = "tokst_"
	// Pattern is the published regular expression of a whole key (anchor it yourself).
	Pattern = `tokst_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}`
	// MaxLength in bytes of anything presented as a key, ours or not.
	MaxLength = 256

	idLength, secretLength, sumLength = 10, 43, 6
	keyLength                         = len(Prefix) + idLength + 1 + secretLength + sumLength
	bodyLength                        = keyLength - sumLength // what the checksum covers
)

// ErrMalformed is the only error of Parse. It never repeats what was sent.
var ErrMalformed = errors.New("malformed API key: send it exactly as it was shown when it was made")

// Entropy is what a new random key is made of; fill it from crypto/rand.
type Entropy struct {
	ID     [8]byte
	Secret [32]byte
}

// Presented is a text that can be a key. The zero value is none.
type Presented struct {
	// ID finds the record. It is "" for a legacy key, which is found by its digest.
	ID   string
	text secret.Text
}

// Legacy reports whether p has another format than ours, such as an imported key.
func (p Presented) Legacy() bool { return p.ID == "" && !p.text.Empty() }

// Text is the whole key, to hand to its owner once.
func (p Presented) Text() secret.Text { return p.text }

// Format makes a key from randomness, or from what Derive gives.
func Format(e Entropy) Presented {
	id := base62(e.ID[:], idLength)
	body := Prefix + id + "_" + base62(e.Secret[:], secretLength)
	sum := checksum(body)
	return Presented{ID: id, text: secret.New(body + string(sum[:]))}
}

// Parse checks everything that needs no lookup. A text with our prefix must be a whole key
// with the right checksum; any other printable ASCII text may be a legacy key.
func Parse(s string) (Presented, error) {
	if s == "" || len(s) > MaxLength || !printable(s) {
		return Presented{}, ErrMalformed
	}
	if strings.HasPrefix(s, Prefix) {
		if !ours(s) {
			return Presented{}, ErrMalformed
		}
		return Presented{ID: s[len(Prefix):][:idLength], text: secret.New(s)}, nil
	}
	// A mistyped prefix would otherwise pass for a legacy key and cost a lookup.
	if len(s) == keyLength && ours(Prefix+s[len(Prefix):]) {
		return Presented{}, ErrMalformed
	}
	return Presented{text: secret.New(s)}, nil
}

func ours(s string) bool {
	if len(s) != keyLength || s[len(Prefix)+idLength] != '_' {
		return false
	}
	rest, sum := s[len(Prefix):], checksum(s[:bodyLength])
	return alphanumeric(rest[:idLength]) && alphanumeric(rest[idLength+1:]) && s[bodyLength:] == string(sum[:])
}

// checksum finds typing errors before a lookup; it protects nothing. It is worked out for each key that comes.
func checksum(body string) (digits [sumLength]byte) {
	n := crc32.ChecksumIEEE([]byte(body))
	for i := sumLength - 1; i >= 0; i-- {
		digits[i] = alphabet[n%uint32(len(alphabet))]
		n /= uint32(len(alphabet))
	}
	return digits
}
