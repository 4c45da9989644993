package tokenstate

import "slices"

// sheet is everything that is known about one subject: a realm, a client, a user or a session. A verdict reads four of
// them, the standing of an owner two.
type sheet struct {
	standings list[Standing]
	looks     list[Look]
	sightings list[Sighting]
	refusals  list[Refusal]
	cutoffs   list[Cutoff]
	doubts    list[Raised]
}

func (p *sheet) size() int {
	return len(p.standings) + len(p.looks) + len(p.sightings) + len(p.refusals) + len(p.cutoffs) + len(p.doubts)
}

// empty makes p a sheet of nothing, and keeps its room.
func (p *sheet) empty() {
	p.standings, p.looks, p.sightings = p.standings[:0], p.looks[:0], p.sightings[:0]
	p.refusals, p.cutoffs, p.doubts = p.refusals[:0], p.cutoffs[:0], p.doubts[:0]
}

func (p *sheet) equal(o *sheet) bool {
	return slices.Equal(p.standings, o.standings) && slices.Equal(p.looks, o.looks) && slices.Equal(p.sightings, o.sightings) &&
		slices.Equal(p.refusals, o.refusals) && slices.Equal(p.cutoffs, o.cutoffs) && slices.Equal(p.doubts, o.doubts)
}

// spot is where a fact about s stands in its sheet.
func (s Scope) spot(kind int64) spot {
	switch {
	case s.Session != "":
		return spot{user: s.User, client: s.Client, key: s.Key, kind: kind}
	case s.User != "":
		return spot{client: s.Client, key: s.Key, kind: kind}
	}
	return spot{key: s.Key, kind: kind}
}

// scope is the subject of a sheet, with what a spot in it says besides.
func (s Scope) at(in spot) Scope {
	s.Key = in.key
	if in.user != "" {
		s.User = in.user
	}
	if in.client != "" {
		s.Client = in.client
	}
	return s
}

// The kinds of spot, for each kind of fact.

func (s Subject) spot() spot {
	in := s.Scope.spot(0)
	if s.Authority != Keycloak {
		in.by = string(s.Authority)
	}
	return in
}

func authorityOf(s spot) Authority {
	if s.by != "" {
		return Authority(s.by)
	}
	return Keycloak
}

func (k SightingKey) spot() spot { return k.Seat.spot(bit(k.Gone)) }

func (k RefusalKey) spot() spot { return k.Scope.spot(int64(k.IssuedAt)) }

func (k DoubtKey) spot() spot { return k.Doubt.Scope.spot(bit(k.Doubt.Beneath) + 2*bit(k.Settled)) }

func doubtOf(subject Scope, s spot) DoubtKey {
	return DoubtKey{Doubt{subject.at(s), s.kind&1 == 1}, s.kind&2 == 2}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
