package vault

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrExists says that a file is there already. Nothing is ever overwritten.
var ErrExists = errors.New("exists already and is not overwritten: use it, or move it away (what it sealed or digested is lost with it)")

// Generate makes all four files, each of mode 0600. If one is there already, none is made.
func Generate(p Paths) error {
	files := []struct {
		name, path string
		content    func() ([]byte, error)
	}{
		{"AUTHAPI_KEYSET_FILE", p.Keyset, newKeysetFile},
		{"AUTHAPI_PEPPER_FILE", p.Pepper, newPepperFile},
		{"AUTHAPI_MASTER_FILE", p.Master, newMasterFile},
		{"AUTHAPI_SNAPSHOT_FILE", p.Snapshot, newKeysetFile},
	}
	var faults []error
	for _, f := range files {
		faults = append(faults, free(f.name, f.path))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for _, f := range files {
		b, err := f.content()
		if err != nil {
			return err
		}
		if err := create(f.path, b); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func free(name, path string) error {
	if path == "" {
		return fmt.Errorf("%s is not set: say where the file shall be", name)
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %s %w", name, path, ErrExists)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

func newKeysetFile() ([]byte, error) {
	k, err := NewKeyset()
	if err != nil {
		return nil, err
	}
	return k.clear()
}

// random never fails: crypto/rand ends the program rather than give weak bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func newMasterFile() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(random(keyBytes)) + "\n"), nil
}

func newPepperFile() ([]byte, error) {
	line, err := newMasterFile()
	return append([]byte(hex.EncodeToString(random(4))+" "), line...), err
}
