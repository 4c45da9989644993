package tokenstate

import (
	"encoding/binary"
	"slices"
)

// The ways in which a text stands there. 0 alone is the empty one.
const (
	textAgain = iota
	textNamed
	textItself
	textWays
)

// pen writes a folded sheet.
type pen struct {
	ink   []byte
	names *names
	texts [maxAgain]string
	known int // of them
	last  Millis
	node  string // the last
}

func (w *pen) bits(bs ...bool) {
	all := int64(0)
	for i, b := range bs {
		all |= bit(b) << i
	}
	w.ink = append(w.ink, byte(all))
}

func (w *pen) int(ns ...int64) {
	for _, n := range ns {
		w.ink = binary.AppendVarint(w.ink, n)
	}
}

func (w *pen) time(at Millis) {
	w.int(int64(at - w.last))
	w.last = at
}

func (w *pen) text(texts ...string) {
	for _, t := range texts {
		if number, named := w.names.number[t]; named && t != "" {
			w.number(number, textNamed)
		} else {
			w.own(t)
		}
	}
}

// name is a text that stands in very many sheets.
func (w *pen) name(t string) {
	if t == "" {
		w.own(t)
	} else if number, ok := w.names.add(t); ok {
		w.number(number, textNamed)
	} else {
		w.own(t)
	}
}

// own is a text that has no number among the names.
func (w *pen) own(t string) {
	if t == "" {
		w.ink = append(w.ink, 0)
		return
	}
	if before := slices.Index(w.texts[:w.known], t); before >= 0 {
		w.number(before+1, textAgain)
		return
	}
	w.number(len(t), textItself)
	w.ink = append(w.ink, t...)
	if w.known < maxAgain {
		w.texts[w.known] = t
		w.known++
	}
}

func (w *pen) number(n int, way uint64) {
	w.ink = binary.AppendUvarint(w.ink, uint64(n)*textWays+way)
}

// maxAgain is how many texts of one sheet can be named again.
const maxAgain = 8
