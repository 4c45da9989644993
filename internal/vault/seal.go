package vault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Errors of opening. Neither says anything about what was sealed.
var (
	// ErrNotOpened: the ciphertext was changed, cut short, or belongs to another row.
	ErrNotOpened = errors.New("sealed value does not open: it was altered, or belongs to another row; store the token again")
	// ErrUnknownKey: the key it was sealed under is not in the keyset.
	ErrUnknownKey = errors.New("sealed under a key that is not in the keyset: put the old key back into AUTHAPI_KEYSET_FILE")
)

// Row is where a sealed token lies, and what it is for; it opens nowhere else and as nothing else.
type Row struct {
	Realm, Client, Session, RowID string
	Use                           string // "" for an offline token
}

// Sealed is a ciphertext and the id of the key it was sealed under; store both.
type Sealed struct {
	KeyID      string
	Ciphertext []byte
}

// Seal encrypts a token for row under the primary key.
func (k *Keyset) Seal(row Row, token secret.Text) (Sealed, error) {
	id := k.Primary()
	c, err := k.aead.Encrypt([]byte(token.Reveal()), row.bind(id))
	if err != nil {
		return Sealed{}, fmt.Errorf("seal a token: %w", err)
	}
	return Sealed{KeyID: id, Ciphertext: c}, nil
}

// Open decrypts what was sealed for row. Tink's own error is dropped: it adds nothing.
func (k *Keyset) Open(row Row, s Sealed) (secret.Text, error) {
	if !k.has(s.KeyID) {
		return secret.Text{}, ErrUnknownKey
	}
	b, err := k.aead.Decrypt(s.Ciphertext, row.bind(s.KeyID))
	if err != nil {
		return secret.Text{}, ErrNotOpened
	}
	return secret.New(string(b)), nil
}

// bind is v1|realm|client|key_id|session_id|row_id, each field behind its length: joined
// bare, ("a|b","c") and ("a","b|c") would be one row. Use is one of our own words, without "|".
func (r Row) bind(keyID string) []byte {
	var b strings.Builder
	b.WriteString("v1" + r.Use)
	for _, field := range []string{r.Realm, r.Client, keyID, r.Session, r.RowID} {
		b.WriteString("|" + strconv.Itoa(len(field)) + ":" + field)
	}
	return []byte(b.String())
}
