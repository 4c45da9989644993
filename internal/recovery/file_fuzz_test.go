package recovery

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tokenstate/tokenstate/internal/worker"
)

// FuzzJournalFile: a file is a whole journal or ErrFile, and says how many lines it has.
func FuzzJournalFile(f *testing.F) {
	var good bytes.Buffer
	w, err := NewWriter(&good)
	if err == nil {
		err = w.Add(worker.Line{ID: "m", Seq: 1, Received: 7, Raw: []byte(`{"specversion":"1.0"}`)})
	}
	if err == nil {
		_, err = w.Close()
	}
	if err != nil {
		f.Fatal(err)
	}
	z, err := zstd.NewReader(&good)
	if err != nil {
		f.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)-10])
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var raw bytes.Buffer
		z, err := zstd.NewWriter(&raw, zstd.WithEncoderConcurrency(1))
		if err == nil {
			_, err = z.Write(text)
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		file, err := OpenFile(bytes.NewReader(raw.Bytes()))
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
