package tokenstate

// Kind implements Row.
func (r RefusalRow) Kind() string { return KindRefusal }

// RowKey implements Row.
func (r RefusalRow) RowKey() string { return r.ID.Scope.parts(r.ID.IssuedAt) }

// Rank implements Row.
func (r RefusalRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r RefusalRow) AddTo(f Facts) { f.putRefusal(r.ID, r.Value, false) }

// SetIn implements Row.
func (r RefusalRow) SetIn(f Facts) { f.putRefusal(r.ID, r.Value, true) }

// RefusalRows are all facts of that kind, sorted by key.
func (f Facts) RefusalRows() []RefusalRow {
	return rowsOf(func(add func(RefusalRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.refusals {
				at := s.at(e.spot)
				add(RefusalRow{ID: RefusalKey{at, Seconds(e.spot.kind)}, Value: e.value})
			}
		})
	})
}

// Kind implements Row.
func (r CutoffRow) Kind() string { return KindCutoff }

// RowKey implements Row.
func (r CutoffRow) RowKey() string { return r.Scope.parts(r.Cause) }

// Rank implements Row.
func (r CutoffRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r CutoffRow) AddTo(f Facts) { f.putCutoff(r.Scope, r.Cause, r.Value, false) }

// SetIn implements Row.
func (r CutoffRow) SetIn(f Facts) { f.putCutoff(r.Scope, r.Cause, r.Value, true) }

// CutoffRows are all facts of that kind, sorted by key.
func (f Facts) CutoffRows() []CutoffRow {
	return rowsOf(func(add func(CutoffRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.cutoffs {
				at := s.at(e.spot)
				add(CutoffRow{Scope: at, Cause: e.node, Value: e.value})
			}
		})
	})
}

// Kind implements Row.
func (r PardonRow) Kind() string { return KindPardon }

// RowKey implements Row.
func (r PardonRow) RowKey() string { return rowKey(r.Cause) }

// Rank implements Row.
func (r PardonRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r PardonRow) AddTo(f Facts) { f.putPardon(r.Cause, r.Value, false) }

// SetIn implements Row.
func (r PardonRow) SetIn(f Facts) { f.putPardon(r.Cause, r.Value, true) }

// PardonRows are all pardons, sorted by key.
func (f Facts) PardonRows() []PardonRow {
	return rowsOf(func(add func(PardonRow)) {
		if f.book == nil {
			return
		}
		for k, v := range f.pardons {
			add(PardonRow{Cause: k, Value: v})
		}
	})
}

// Kind implements Row.
func (r DoubtRow) Kind() string { return KindDoubt }

// RowKey implements Row.
func (r DoubtRow) RowKey() string {
	return r.ID.Doubt.Scope.parts(r.ID.Doubt.Beneath, r.ID.Settled, r.Node)
}

// Rank implements Row.
func (r DoubtRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r DoubtRow) AddTo(f Facts) { f.putDoubt(r.ID, r.Node, r.Value, false) }

// SetIn implements Row.
func (r DoubtRow) SetIn(f Facts) { f.putDoubt(r.ID, r.Node, r.Value, true) }

// DoubtRows are all facts of that kind, sorted by key.
func (f Facts) DoubtRows() []DoubtRow {
	return rowsOf(func(add func(DoubtRow)) {
		f.each(func(s Scope, p *sheet) {
			for _, e := range p.doubts {
				at := s.at(e.spot)
				add(DoubtRow{ID: doubtOf(at, e.spot), Node: e.node, Value: e.value})
			}
		})
	})
}
