package tokenstate

// Kind implements Row.
func (r StandingRow) Kind() string { return KindStanding }

// RowKey implements Row.
func (r StandingRow) RowKey() string { return r.Subject.Scope.parts(r.Subject.Authority, r.Node) }

// Rank implements Row.
func (r StandingRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r StandingRow) AddTo(f Facts) { putIn(f.Standings, r.Subject, r.Node, r.Value) }

// SetIn implements Row.
func (r StandingRow) SetIn(f Facts) { setIn(f.Standings, r.Subject, r.Node, r.Value) }

// StandingRows are the rows of f.Standings, sorted by key.
func (f Facts) StandingRows() []StandingRow {
	return rowsOf(len(f.Standings), func(add func(StandingRow)) {
		for k, inner := range f.Standings {
			for n, v := range inner {
				add(StandingRow{Subject: k, Node: n, Value: v})
			}
		}
	})
}

// Kind implements Row.
func (r LookRow) Kind() string { return KindLook }

// RowKey implements Row.
func (r LookRow) RowKey() string { return r.Scope.parts(r.Node) }

// Rank implements Row.
func (r LookRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r LookRow) AddTo(f Facts) { putIn(f.Looks, r.Scope, r.Node, r.Value) }

// SetIn implements Row.
func (r LookRow) SetIn(f Facts) { setIn(f.Looks, r.Scope, r.Node, r.Value) }

// LookRows are the rows of f.Looks, sorted by key.
func (f Facts) LookRows() []LookRow {
	return rowsOf(len(f.Looks), func(add func(LookRow)) {
		for k, inner := range f.Looks {
			for n, v := range inner {
				add(LookRow{Scope: k, Node: n, Value: v})
			}
		}
	})
}

// Kind implements Row.
func (r SightingRow) Kind() string { return KindSighting }

// RowKey implements Row.
func (r SightingRow) RowKey() string { return r.ID.Seat.parts(r.ID.Gone, r.Node) }

// Rank implements Row.
func (r SightingRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r SightingRow) AddTo(f Facts) { putIn(f.Sightings, r.ID, r.Node, r.Value) }

// SetIn implements Row.
func (r SightingRow) SetIn(f Facts) { setIn(f.Sightings, r.ID, r.Node, r.Value) }

// SightingRows are the rows of f.Sightings, sorted by key.
func (f Facts) SightingRows() []SightingRow {
	return rowsOf(len(f.Sightings), func(add func(SightingRow)) {
		for k, inner := range f.Sightings {
			for n, v := range inner {
				add(SightingRow{ID: k, Node: n, Value: v})
			}
		}
	})
}
