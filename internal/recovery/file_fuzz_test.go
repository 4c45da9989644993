package recovery

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzJournalFile: a file is a whole journal or ErrFile, and says how many lines it has.
func FuzzJournalFile(f *testing.F) {
	text := journalText(f, "m")
	f.Add(text)
	f.Add(text[:len(text)-10])
	f.Add("{}\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := OpenFile(bytes.NewReader(compressed(t, text)))
		if err != nil {
			if !errors.Is(err, ErrFile) {
				t.Fatal(err)
			}
			return
		}
		defer file.Close()
		for n := uint64(0); ; n++ {
			_, err := file.Next(t.Context())
			if errors.Is(err, io.EOF) && n == file.Total() {
				return
			}
			if err != nil && !errors.Is(err, ErrFile) || n > file.Total() {
				t.Fatalf("line %d of %d: %v", n, file.Total(), err)
			}
			if err != nil {
				return
			}
		}
	})
}
