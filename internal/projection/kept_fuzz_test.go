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
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, s, err := decoded(raw)
		if err != nil {
			if !errors.Is(err, errKept) {
				t.Fatal(err)
			}
			return
		}
		if h.Format != keptFormat {
			t.Fatalf("of format %d", h.Format)
		}
		stateOf(s)
	})
}
