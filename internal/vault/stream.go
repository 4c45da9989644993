package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// A snapshot is as large as everything that is known, and must not stand in memory for being sealed. So it is sealed in
// segments, under a key of its own, which is sealed under the keyset and stands before them. A segment that was altered,
// or is not where it was, does not open; nor does the last one, where others came after it.

const (
	streamForm    = 2 // the first byte. Before there were segments a snapshot began with Tink's own, which is 1
	streamKey     = 32
	streamSegment = 1 << 20
)

// The key of a snapshot has a label of its own, which no row can have.
var snapshotLabel = []byte("snapshot-v2")

func streaming(key []byte) (*subtle.AESGCMHKDF, error) {
	return subtle.NewAESGCMHKDF(key, "SHA256", streamKey, streamSegment, 0)
}

// sealing encrypts what is written to it. Only Close makes it whole.
func (k *Keyset) sealing(w io.Writer) (io.WriteCloser, error) {
	key := make([]byte, streamKey)
	_, _ = rand.Read(key) // never fails
	sealed, err := k.aead.Encrypt(key, snapshotLabel)
	if err != nil {
		return nil, fmt.Errorf("seal the key of a snapshot: %w", err)
	}
	if _, err := w.Write(append([]byte{streamForm, byte(len(sealed))}, sealed...)); err != nil {
		return nil, fmt.Errorf("write the key of a snapshot: %w", err)
	}
	s, err := streaming(key)
	if err != nil {
		return nil, fmt.Errorf("seal a snapshot: %w", err)
	}
	return s.NewEncryptingWriter(w, snapshotLabel)
}

// errSnapshot says what is to be done, and nothing about what was sealed.
var errSnapshot = fmt.Errorf("snapshot does not open, delete it and start with the database: %w", ErrNotOpened)

// opening decrypts what sealing has written.
func (k *Keyset) opening(r io.Reader) (io.Reader, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || head[0] != streamForm {
		return nil, errSnapshot
	}
	sealed := make([]byte, head[1])
	if _, err := io.ReadFull(r, sealed); err != nil {
		return nil, errSnapshot
	}
	key, err := k.aead.Decrypt(sealed, snapshotLabel)
	if err != nil {
		return nil, errSnapshot
	}
	s, err := streaming(key)
	if err != nil {
		return nil, errSnapshot
	}
	opened, err := s.NewDecryptingReader(r, snapshotLabel)
	if err != nil {
		return nil, errSnapshot
	}
	return &opener{opened, nil}, nil
}

// opener gives one text for whatever does not open, again and again: Tink's reader says after a fault that it is the end.
type opener struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (o *opener) Read(p []byte) (n int, err error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err = o.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errSnapshot
	}
	o.err = err
	return n, err
}
