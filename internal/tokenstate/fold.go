package tokenstate

import (
	"encoding/binary"
	"slices"
)

// A folded sheet is its facts, one behind the other: what kind each is of, its spot and node, and the value. A time is
// the difference from the one before it. A text is a number of names, or one that has stood in this sheet before, or
// itself; it is never copied, so that unfolding needs no memory. The form is never stored or sent.

// The kinds of fact in a folded sheet.
const (
	foldedStanding = iota
	foldedLook
	foldedSighting
	foldedRefusal
	foldedCutoff
	foldedDoubt
	foldedKind = 1<<3 - 1 // has room for all of them
)

// Beside the kind stands what else of a spot follows: as a rule there is nothing to say.
const (
	withKind byte = 1 << (3 + iota)
	withUser
	withClient
	withKey
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
}

func fold(p *sheet, n *names) string {
	w := pen{ink: n.ink[:0], names: n}
	for i := range p.standings {
		e := &p.standings[i]
		head(&w, foldedStanding, e)
		w.text(e.spot.by)
		w.bits(e.value.Gone, e.value.Disabled, e.value.NoOffline)
		w.time(e.value.At)
		w.int(int64(e.value.NotBefore))
		w.name(e.value.ClientID)
		w.text(e.value.Cause)
	}
	for i := range p.looks {
		e := &p.looks[i]
		head(&w, foldedLook, e)
		w.time(e.value.At)
		w.text(e.value.Cause)
	}
	for i := range p.sightings {
		e := &p.sightings[i]
		head(&w, foldedSighting, e)
		w.time(e.value.At)
		w.int(int64(e.value.Start), int64(e.value.Second))
		w.text(e.value.Cause, e.value.Owner)
	}
	for i := range p.refusals {
		e := &p.refusals[i]
		head(&w, foldedRefusal, e)
		w.bits(e.value.Refused)
		w.time(e.value.At)
		w.int(int64(e.value.RetryAt))
		w.text(e.value.Reason, e.value.Cause)
	}
	for i := range p.cutoffs {
		e := &p.cutoffs[i]
		head(&w, foldedCutoff, e)
		w.bits(e.value.Tokens, e.value.Keys)
		w.time(e.value.At)
		w.int(int64(e.value.Before))
		w.text(e.value.Reason)
	}
	for i := range p.doubts {
		e := &p.doubts[i]
		head(&w, foldedDoubt, e)
		w.time(e.value.At)
		w.text(e.value.Event)
	}
	n.ink = w.ink
	return string(w.ink)
}

func head[V ranked](w *pen, kind byte, e *entry[V]) {
	s := &e.spot
	w.ink = append(w.ink, kind|withKind*set(s.kind != 0)|withUser*set(s.user != "")|withClient*set(s.client != "")|withKey*set(s.key != ""))
	if s.kind != 0 {
		w.int(s.kind)
	}
	if s.user != "" {
		w.text(s.user)
	}
	if s.client != "" {
		w.name(s.client)
	}
	if s.key != "" {
		w.text(s.key)
	}
	if kind == foldedCutoff { // of which it is the cause
		w.text(e.node)
	} else {
		w.name(e.node)
	}
}

func set(b bool) byte { return byte(bit(b)) }

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
