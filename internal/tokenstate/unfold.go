package tokenstate

// eye reads a folded sheet.
type eye struct {
	rest  string
	names *names
	texts [maxAgain]string
	known int // of them
	last  Millis
	node  string // the last
}

// unfold reads a folded sheet into the room of p. It is ours, never stored and never sent, and so it is whole.
func unfold(folded string, n *names, p *sheet) {
	p.empty()
	r := eye{rest: folded, names: n}
	for len(r.rest) > 0 {
		kind := r.bits()
		s, node := r.head(kind)
		switch kind & foldedKind {
		case foldedStanding:
			v := r.standing(&s.by)
			p.standings = append(p.standings, entry[Standing]{s, node, v})
		case foldedLook:
			p.looks = append(p.looks, entry[Look]{s, node, Look{At: r.time(), Cause: r.text()}})
		case foldedSighting:
			v := Sighting{At: r.time(), Start: Seconds(r.int()), Second: Seconds(r.int()), Cause: r.text(), Owner: r.text()}
			p.sightings = append(p.sightings, entry[Sighting]{s, node, v})
		case foldedRefusal:
			v := Refusal{Refused: r.bits()&1 != 0, At: r.time(), RetryAt: Millis(r.int()), Reason: r.text(), Cause: r.text()}
			p.refusals = append(p.refusals, entry[Refusal]{s, node, v})
		case foldedCutoff:
			bits := r.bits()
			v := Cutoff{Tokens: bits&1 != 0, Keys: bits&2 != 0, At: r.time(), Before: Seconds(r.int()), Reason: r.text()}
			p.cutoffs = append(p.cutoffs, entry[Cutoff]{s, node, v})
		case foldedDoubt:
			p.doubts = append(p.doubts, entry[Raised]{s, node, Raised{At: r.time(), Event: r.text()}})
		}
	}
}

func (r *eye) standing(by *string) (v Standing) {
	with := r.bits()
	v.Gone, v.Disabled, v.NoOffline = with&isGone != 0, with&isDisabled != 0, with&isNoOffline != 0
	if with&withBy != 0 {
		*by = r.text()
	}
	v.At = r.time()
	if with&withNotBefore != 0 {
		v.NotBefore = Seconds(r.int())
	}
	if with&withClientID != 0 {
		v.ClientID = r.text()
	}
	v.Cause = r.text()
	return v
}

func (r *eye) head(with byte) (s spot, node string) {
	if with&withKind != 0 {
		s.kind = r.int()
	}
	if with&withUser != 0 {
		s.user = r.text()
	}
	if with&withClient != 0 {
		s.client = r.text()
	}
	if with&withKey != 0 {
		s.key = r.text()
	}
	if with&sameNode == 0 {
		r.node = r.text()
	}
	return s, r.node
}

func (r *eye) bits() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *eye) uint() (n uint64) {
	for i := 0; ; i++ {
		b := r.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
}

// int undoes binary.AppendVarint.
func (r *eye) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *eye) time() Millis {
	r.last += Millis(r.int())
	return r.last
}

func (r *eye) text() string {
	n := r.uint()
	if n == 0 {
		return ""
	}
	way, n := n%textWays, n/textWays
	switch way {
	case textNamed:
		return r.names.texts[n]
	case textAgain:
		return r.texts[n-1]
	}
	t := r.rest[:n]
	r.rest = r.rest[n:]
	if r.known < maxAgain {
		r.texts[r.known] = t
		r.known++
	}
	return t
}
