package tokenstate

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

// Beside the kind stands what else of a spot follows: as a rule there is nothing to say. Most of a sheet is from one node.
const (
	withKind byte = 1 << (3 + iota)
	withUser
	withClient
	withKey
	sameNode
)

// What a standing is, and what else of it follows.
const (
	isGone byte = 1 << iota
	isDisabled
	isNoOffline
	withBy
	withNotBefore
	withClientID
)

func fold(p *sheet, n *names) string {
	w := pen{ink: n.ink[:0], names: n}
	for i := range p.standings {
		head(&w, foldedStanding, &p.standings[i])
		w.standing(p.standings[i].spot.by, &p.standings[i].value)
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
	w.ink = append(w.ink, kind|withKind*set(s.kind != 0)|withUser*set(s.user != "")|withClient*set(s.client != "")|withKey*set(s.key != "")|
		sameNode*set(e.node == w.node))
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
	switch {
	case e.node == w.node:
	case kind == foldedCutoff: // of which it is the cause
		w.text(e.node)
	default:
		w.name(e.node)
	}
	w.node = e.node
}

func (w *pen) standing(by string, v *Standing) {
	w.ink = append(w.ink, isGone*set(v.Gone)|isDisabled*set(v.Disabled)|isNoOffline*set(v.NoOffline)|
		withBy*set(by != "")|withNotBefore*set(v.NotBefore != 0)|withClientID*set(v.ClientID != ""))
	if by != "" {
		w.text(by)
	}
	w.time(v.At)
	if v.NotBefore != 0 {
		w.int(int64(v.NotBefore))
	}
	if v.ClientID != "" {
		w.name(v.ClientID)
	}
	w.text(v.Cause)
}

func set(b bool) byte { return byte(bit(b)) }
