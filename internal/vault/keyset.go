package vault

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyset holds AES-256-GCM keys. It is immutable and safe for concurrent use; Add and Promote
// give new ones. Rotate: Add, roll the file out everywhere, Promote, seal again as rows are
// written, and only then drop the old key.
type Keyset struct {
	handle *keyset.Handle
	aead   tink.AEAD
}

var errKeyset = errors.New("not a keyset: restore the file from your backup")

// NewKeyset makes a keyset of one fresh key.
func NewKeyset() (*Keyset, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a keyset: %w", err)
	}
	return newKeyset(h)
}

func newKeyset(h *keyset.Handle) (*Keyset, error) {
	a, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("use the keyset: %w", err)
	}
	return &Keyset{h, a}, nil
}

// parseKeyset drops Tink's error, which could quote the file.
func parseKeyset(b []byte) (*Keyset, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, errKeyset
	}
	k, err := newKeyset(h)
	if err != nil {
		return nil, errKeyset
	}
	return k, nil
}

// clear is the file's content: the keys themselves.
func (k *Keyset) clear() ([]byte, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&b)); err != nil {
		return nil, fmt.Errorf("write the keyset: %w", err)
	}
	return b.Bytes(), nil
}

// Add gives a keyset with one more key, not yet primary, and its id.
func (k *Keyset) Add() (*Keyset, string, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, "", fmt.Errorf("add a key: %w", err)
	}
	next, err := fromManager(m)
	return next, keyID(id), err
}

// Promote gives a keyset that seals under key id; the others still open.
func (k *Keyset) Promote(id string) (*Keyset, error) {
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil || !k.has(id) {
		return nil, ErrUnknownKey
	}
	m := keyset.NewManagerFromHandle(k.handle)
	if err := m.SetPrimary(uint32(n)); err != nil {
		return nil, fmt.Errorf("promote a key: %w", err)
	}
	return fromManager(m)
}

// Drop gives a keyset without key id, which must not be the primary one. What is sealed under it
// never opens again.
func (k *Keyset) Drop(id string) (*Keyset, error) {
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil || !k.has(id) {
		return nil, ErrUnknownKey
	}
	m := keyset.NewManagerFromHandle(k.handle)
	if err := m.Delete(uint32(n)); err != nil {
		return nil, fmt.Errorf("drop a key: %w", err)
	}
	return fromManager(m)
}

// IDs of all keys, the primary one first.
func (k *Keyset) IDs() []string {
	ids := []string{k.Primary()}
	for _, i := range k.handle.KeysetInfo().GetKeyInfo() {
		if id := keyID(i.GetKeyId()); id != ids[0] {
			ids = append(ids, id)
		}
	}
	return ids
}

func fromManager(m *keyset.Manager) (*Keyset, error) {
	h, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("use the changed keyset: %w", err)
	}
	return newKeyset(h)
}

// Primary is the id of the key that seals.
func (k *Keyset) Primary() string { return keyID(k.handle.KeysetInfo().GetPrimaryKeyId()) }

func (k *Keyset) has(id string) bool {
	for _, i := range k.handle.KeysetInfo().GetKeyInfo() {
		if keyID(i.GetKeyId()) == id {
			return true
		}
	}
	return false
}

func keyID(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// String shows the primary key's id only.
func (k *Keyset) String() string { return "keyset, primary " + k.Primary() }
