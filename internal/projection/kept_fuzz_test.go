package projection

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzKept: a kept snapshot is read whole or not at all, and nothing in it ends the program.
func FuzzKept(f *testing.F) {
	good, err := os.ReadFile(filepath.Join("testdata", "kept.golden"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"Format":1}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		h, s, err := decodeKept(zipped(t, plain))
		if err != nil {
			if !errors.Is(err, errKept) {
				t.Fatal(err)
			}
			return
		}
		n := len(s.Facts.Rows()) + len(s.Tokens) + len(s.Keys) + len(s.ServiceKeys) + len(s.Members)
		if h.Format != keptFormat || n > h.Entries { // two entries may be of one key
			t.Fatalf("%d entries of %d", n, h.Entries)
		}
		newState(s)
	})
}

// FuzzKeptBytes: the same for bytes that are no compressed text at all.
func FuzzKeptBytes(f *testing.F) {
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := decodeKept(raw); err != nil && !errors.Is(err, errKept) {
			t.Fatal(err)
		}
	})
}
