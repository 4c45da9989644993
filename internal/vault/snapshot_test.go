package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Ensure a snapshot is kept sealed, replaced whole, and not opened when it was altered.
func TestSnapshotFile(t *testing.T) {
	keys, err := NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	f := SnapshotFile{filepath.Join(t.TempDir(), "snapshot"), keys}
	if got, err := f.Kept(); got != nil || err != nil {
		t.Fatalf("nothing was kept: %q %v", got, err)
	}
	for _, text := range []string{"the first, which is longer", "second"} {
		if err := f.Keep([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Kept(); string(got) != text || err != nil {
			t.Fatalf("%q %v", got, err)
		}
	}
	raw, err := os.ReadFile(f.Path)
	info, _ := os.Stat(f.Path)
	if err != nil || bytes.Contains(raw, []byte("second")) || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	for name, altered := range map[string][]byte{"truncated": raw[:len(raw)-1], "empty": {}, "a flipped bit": append([]byte{raw[0] ^ 1}, raw[1:]...)} {
		if err := os.WriteFile(f.Path, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Kept(); got != nil || !errors.Is(err, ErrNotOpened) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if other, err := NewKeyset(); err == nil {
		f.Keys = other
	}
	if err := os.WriteFile(f.Path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Kept(); got != nil || err == nil {
		t.Errorf("opened under another key: %q", got)
	}
	if _, err := (SnapshotFile{t.TempDir(), keys}).Kept(); err == nil {
		t.Error("a directory is no snapshot")
	}
	if err := (SnapshotFile{filepath.Join(t.TempDir(), "no", "such", "folder"), keys}).Keep(nil); err == nil {
		t.Error("kept nowhere")
	}
}
