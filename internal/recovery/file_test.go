package recovery

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// Ensure a file of which anything was changed, taken out or added is refused before anything is learnt from it.
func TestAChangedFileIsRefused(t *testing.T) {
	text := journalText(t, "one", "two", "three")
	lines := strings.SplitAfter(text, "\n")
	for name, c := range map[string]struct {
		text  string
		taken bool
	}{
		"whole":                      {text, true},
		"a line is changed":          {strings.Replace(text, "two", "TWO", 1), false},
		"a line is missing":          {strings.Replace(text, lines[2], "", 1), false},
		"a line stands twice":        {strings.Replace(text, lines[2], lines[2]+lines[2], 1), false},
		"the foot says another sum":  {strings.Replace(text, `"sha256":"`, `"sha256":"0`, 1), false},
		"the foot says other lines":  {strings.Replace(text, `"lines":3`, `"lines":4`, 1), false},
		"there is no foot":           {strings.Join(lines[:len(lines)-2], ""), false},
		"it is of another format":    {strings.Replace(text, format, "tokenstate-journal/2", 1), false},
		"something follows its foot": {text + "{}\n", false},
	} {
		f, err := OpenFile(bytes.NewReader(compressed(t, c.text)))
		if (err == nil) != c.taken || err != nil && !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			f.Close()
		}
	}
}

// journalText is what a file with lines of these ids holds, before it is compressed.
func journalText(tb testing.TB, ids ...string) string {
	tb.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file)
	for _, id := range ids {
		if err == nil {
			err = w.Add(journal.Line{ID: id, Seq: 1, Received: 7, Raw: []byte(`{"specversion":"1.0"}`)})
		}
	}
	if err == nil {
		_, err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	z, err := zstd.NewReader(&file)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// compressed is a file of that text.
func compressed(tb testing.TB, text string) []byte {
	tb.Helper()
	var raw bytes.Buffer
	z, err := zstd.NewWriter(&raw, zstd.WithEncoderConcurrency(1))
	if err == nil {
		_, err = io.WriteString(z, text)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		tb.Fatal(err)
	}
	return raw.Bytes()
}
