package vault

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// text writes it.
func text(t []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(t)
		return err
	}
}

// kept reads all of it.
func kept(f SnapshotFile) ([]byte, error) {
	r, err := f.Kept()
	if err != nil || r == nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// Ensure a snapshot is kept sealed, replaced whole, and not opened when it was altered.
func TestSnapshotFile(t *testing.T) {
	keys, err := NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	f := SnapshotFile{filepath.Join(t.TempDir(), "snapshot"), keys}
	if got, err := kept(f); got != nil || err != nil {
		t.Fatalf("nothing was kept: %q %v", got, err)
	}
	long := bytes.Repeat([]byte("the first, of several segments "), 100_000)
	for _, said := range [][]byte{long, {}, []byte("second")} {
		if err := f.Keep(text(said)); err != nil {
			t.Fatal(err)
		}
		if got, err := kept(f); !bytes.Equal(got, said) || err != nil {
			t.Fatalf("%d bytes of %d, %v", len(got), len(said), err)
		}
	}
	fault := errors.New("half of it")
	err = f.Keep(func(w io.Writer) error { return errors.Join(text(long)(w), fault) })
	if got, _ := kept(f); !errors.Is(err, fault) || string(got) != "second" {
		t.Fatalf("%v, and what was there is %q", err, got)
	}
	raw, err := os.ReadFile(f.Path)
	info, _ := os.Stat(f.Path)
	if err != nil || bytes.Contains(raw, []byte("second")) || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	altered(t, f, raw)
	if err := f.Keep(text(long)); err != nil {
		t.Fatal(err)
	}
	if raw, err = os.ReadFile(f.Path); err != nil {
		t.Fatal(err)
	}
	altered(t, f, raw)
	if other, err := NewKeyset(); err == nil {
		f.Keys = other
	}
	if err := os.WriteFile(f.Path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := kept(f); got != nil || err == nil {
		t.Errorf("opened under another key: %q", got)
	}
	if _, err := (SnapshotFile{t.TempDir(), keys}).Kept(); err == nil {
		t.Error("a directory is no snapshot")
	}
	if err := (SnapshotFile{filepath.Join(t.TempDir(), "no", "such", "folder"), keys}).Keep(text(nil)); err == nil {
		t.Error("kept nowhere")
	}
}

// altered: what is not as it was written does not open, to its end.
func altered(t *testing.T, f SnapshotFile, raw []byte) {
	t.Helper()
	flipped := func(at int) []byte {
		b := bytes.Clone(raw)
		b[at] ^= 1
		return b
	}
	for name, altered := range map[string][]byte{
		"truncated": raw[:len(raw)-1], "at a segment": raw[:min(len(raw)-1, streamSegment)], "empty": {}, "longer": append(bytes.Clone(raw), 0),
		"of the form before": flipped(0), "another key": flipped(10), "a flipped bit": flipped(len(raw) - 1),
	} {
		if err := os.WriteFile(f.Path, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := kept(f); !errors.Is(err, ErrNotOpened) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
