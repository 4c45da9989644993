package recovery

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tokenstate/tokenstate/internal/worker"
)

// Ensure a file of which anything was changed, taken out or added is refused before anything is learnt from it.
func TestAChangedFileIsRefused(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file)
	for _, id := range []string{"one", "two", "three"} {
		if err == nil {
			err = w.Add(worker.Line{ID: id, Seq: 1, Received: 7, Raw: []byte(`{}`)})
		}
	}
	if err == nil {
		_, err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	whole, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	text := string(whole)
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
		var raw bytes.Buffer
		z, err := zstd.NewWriter(&raw)
		if err == nil {
			_, err = z.Write([]byte(c.text))
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(bytes.NewReader(raw.Bytes()))
		if (err == nil) != c.taken || err != nil && !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			f.Close()
		}
	}
}
