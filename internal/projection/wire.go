package projection

import (
	"bufio"
	"encoding/binary"
	"io"
)

// wire writes values, or reads the same ones in the same order: one description of each kind of entry serves both. What
// goes wrong is told once, by err; after that nothing is done any more.
type wire struct {
	out *bufio.Writer // nil: it reads
	in  *bufio.Reader
	err error

	last  []string       // the texts that stood there last; a text that is among them is named by how long ago it was
	stood map[string]int // where, for who writes
	texts int            // how many there were

	room [binary.MaxVarintLen64]byte
	ink  []byte // of a text that is read
}

const (
	wireBuffer = 64 << 10
	wireTexts  = 4096 // are named again
	wireInk    = 64
	maxText    = 1 << 24 // bytes: a damaged length must not fill the memory
	maxList    = 1 << 16
)

func newWriter(w io.Writer) *wire {
	return &wire{out: bufio.NewWriterSize(w, wireBuffer), last: make([]string, wireTexts), stood: map[string]int{}}
}

func newReader(r io.Reader) *wire {
	return &wire{in: bufio.NewReaderSize(r, wireBuffer), last: make([]string, wireTexts), ink: make([]byte, wireInk)}
}

func (w *wire) fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// byte is a single one.
func (w *wire) byte(b *byte) {
	switch {
	case w.err != nil:
	case w.out != nil:
		w.fail(w.out.WriteByte(*b))
	default:
		var err error
		*b, err = w.in.ReadByte()
		w.fail(err)
	}
}

// bools are up to eight of them, in one byte.
func (w *wire) bools(bs ...*bool) {
	var all byte
	for i, b := range bs {
		if *b {
			all |= 1 << i
		}
	}
	w.byte(&all)
	for i, b := range bs {
		*b = all&(1<<i) != 0
	}
}

func (w *wire) int(ns ...*int64) {
	for _, n := range ns {
		*n = unzigzag(w.uint(zigzag(*n)))
	}
}

// zigzag is a number near 0 as a small one without a sign.
func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// uint writes u, or gives what it reads.
func (w *wire) uint(u uint64) uint64 {
	if w.err != nil {
		return 0
	}
	var err error
	if w.out != nil {
		_, err = w.out.Write(binary.AppendUvarint(w.room[:0], u))
	} else {
		u, err = binary.ReadUvarint(w.in)
	}
	w.fail(err)
	return u
}

// list is one of texts. None at all is another one than an empty one.
func (w *wire) list(texts *[]string) {
	n := uint64(len(*texts)) + 1
	if *texts == nil {
		n = 0
	}
	if n = w.uint(n); n > maxList {
		w.fail(errKept)
		return
	}
	if w.out == nil && n > 0 {
		*texts = make([]string, n-1)
	}
	for i := range *texts {
		w.text(&(*texts)[i])
	}
}

// raw are bytes of a known number.
func (w *wire) raw(b []byte) {
	if w.err != nil {
		return
	}
	var err error
	if w.out != nil {
		_, err = w.out.Write(b)
	} else {
		_, err = io.ReadFull(w.in, b)
	}
	w.fail(err)
}
