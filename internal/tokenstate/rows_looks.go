package tokenstate

// Kind implements Row.
func (r StandingRow) Kind() string { return KindStanding }

// RowKey implements Row.
func (r StandingRow) RowKey() string { return r.Subject.Scope.parts(r.Subject.Authority, r.Node) }

// Rank implements Row.
func (r StandingRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r StandingRow) AddTo(f Facts) { f.putStanding(r.Subject, r.Node, r.Value, false) }

// SetIn implements Row.
func (r StandingRow) SetIn(f Facts) { f.putStanding(r.Subject, r.Node, r.Value, true) }

// StandingRows are all facts of that kind, sorted by key.
func (f Facts) StandingRows() []StandingRow {
	return rowsOf(func(add func(StandingRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.standings {
				at := s.at(e.spot)
				add(StandingRow{Subject: Subject{at, authorityOf(e.spot)}, Node: e.node, Value: e.value})
			}
		})
	})
}

// Kind implements Row.
func (r LookRow) Kind() string { return KindLook }

// RowKey implements Row.
func (r LookRow) RowKey() string { return r.Scope.parts(r.Node) }

// Rank implements Row.
func (r LookRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r LookRow) AddTo(f Facts) { f.putLook(r.Scope, r.Node, r.Value, false) }

// SetIn implements Row.
func (r LookRow) SetIn(f Facts) { f.putLook(r.Scope, r.Node, r.Value, true) }

// LookRows are all facts of that kind, sorted by key.
func (f Facts) LookRows() []LookRow {
	return rowsOf(func(add func(LookRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.looks {
				at := s.at(e.spot)
				add(LookRow{Scope: at, Node: e.node, Value: e.value})
			}
		})
	})
}

// Kind implements Row.
func (r SightingRow) Kind() string { return KindSighting }

// RowKey implements Row.
func (r SightingRow) RowKey() string { return r.ID.Seat.parts(r.ID.Gone, r.Node) }

// Rank implements Row.
func (r SightingRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r SightingRow) AddTo(f Facts) { f.putSighting(r.ID, r.Node, r.Value, false) }

// SetIn implements Row.
func (r SightingRow) SetIn(f Facts) { f.putSighting(r.ID, r.Node, r.Value, true) }

// SightingRows are all facts of that kind, sorted by key.
func (f Facts) SightingRows() []SightingRow {
	return rowsOf(func(add func(SightingRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.sightings {
				at := s.at(e.spot)
				add(SightingRow{ID: SightingKey{at, e.spot.kind == 1}, Node: e.node, Value: e.value})
			}
		})
	})
}
