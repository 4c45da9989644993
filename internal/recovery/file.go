package recovery

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// A journal file is JSON lines, compressed with zstd: a head, the journal's lines in order, and
// a foot with their number and SHA-256. (zstdcat shows it.)
const format = "tokenstate-journal/1"

// maxLine bounds a line of a file: the largest message, escaped, and its frame.
const maxLine = 8*events.MaxMessage + 4096

// ErrFile says that a file is not a whole journal file. Nothing of it is learnt then.
var ErrFile = errors.New("this is not a whole journal file: export it again")

type head struct {
	Format string `json:"format"`
}

type row struct {
	ID       string        `json:"id"`
	Seq      uint64        `json:"seq"`
	Received events.Millis `json:"received_ms"`
	Raw      string        `json:"raw"` // as it came; a JSON value here would be written anew
}

type foot struct {
	Lines  uint64 `json:"lines"`
	SHA256 string `json:"sha256"`
}

// Writer writes a journal file.
type Writer struct {
	z    *zstd.Encoder
	sum  hash.Hash
	rows uint64
}

// NewWriter begins a file on w. Without Close it is no whole file.
func NewWriter(w io.Writer) (*Writer, error) {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return nil, fmt.Errorf("write journal file: %w", err)
	}
	out := &Writer{z: z, sum: sha256.New()}
	return out, out.line(head{format}, z)
}

// Add writes one line of the journal.
func (w *Writer) Add(l journal.Line) error {
	w.rows++
	return w.line(row{l.ID, l.Seq, l.Received, string(l.Raw)}, io.MultiWriter(w.z, w.sum))
}

// Close ends the file, but not what it is written on. It gives the checksum of the lines.
func (w *Writer) Close() (sum string, err error) {
	sum = hex.EncodeToString(w.sum.Sum(nil))
	if err := w.line(foot{w.rows, sum}, w.z); err != nil {
		return "", err
	}
	if err := w.z.Close(); err != nil {
		return "", fmt.Errorf("write journal file: %w", err)
	}
	return sum, nil
}

func (w *Writer) line(v any, to io.Writer) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = to.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write journal file: %w", err)
	}
	return nil
}

// File is a journal file as a Source. OpenFile has read it to its end once, so that a broken
// one is refused before anything is learnt from it.
type File struct {
	z     *zstd.Decoder
	lines *bufio.Scanner
	foot  foot
	at    uint64
}

// OpenFile checks the whole of r and goes back to its beginning. The caller closes both.
func OpenFile(r io.ReadSeeker) (*File, error) {
	found, err := check(r)
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read journal file: %w", err)
	}
	f, err := begin(r)
	if err != nil {
		return nil, err
	}
	f.foot = found
	return f, nil
}

func begin(r io.Reader) (*File, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, ErrFile
	}
	f := &File{z: z, lines: bufio.NewScanner(z)}
	f.lines.Buffer(nil, maxLine)
	var h head
	if !f.lines.Scan() || json.Unmarshal(f.lines.Bytes(), &h) != nil || h.Format != format {
		z.Close()
		return nil, ErrFile
	}
	return f, nil
}

// check reads a file to its end. Its last line must be the foot, and say what the others are.
func check(r io.Reader) (foot, error) {
	f, err := begin(r)
	if err != nil {
		return foot{}, err
	}
	defer f.Close()
	sum, last, rows := sha256.New(), []byte(nil), uint64(0)
	for f.lines.Scan() {
		if last != nil {
			rows++
			_, _ = sum.Write(append(last, '\n')) // a hash never fails
		}
		last = append(last[:0:0], f.lines.Bytes()...)
	}
	var end foot
	if f.lines.Err() != nil || json.Unmarshal(last, &end) != nil || end.Lines != rows || end.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
		return foot{}, ErrFile
	}
	return end, nil
}

// Name is the same for files of the same content.
func (f *File) Name() string { return "file " + f.foot.SHA256 }

// Total is the number of lines.
func (f *File) Total() uint64 { return f.foot.Lines }

// Next implements Source.
func (f *File) Next(context.Context) (Item, error) {
	if f.at == f.foot.Lines {
		return Item{}, io.EOF
	}
	var r row
	if !f.lines.Scan() || json.Unmarshal(f.lines.Bytes(), &r) != nil {
		return Item{}, ErrFile // changed since it was checked
	}
	f.at++
	return Item{Position: f.at, Entry: journal.Entry{Seq: r.Seq, Received: r.Received, Raw: []byte(r.Raw)}}, nil
}

// Close frees the decoder.
func (f *File) Close() { f.z.Close() }
