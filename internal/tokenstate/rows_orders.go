package tokenstate

// Kind implements Row.
func (r RefusalRow) Kind() string { return KindRefusal }

// RowKey implements Row.
func (r RefusalRow) RowKey() string { return r.ID.Scope.parts(r.ID.IssuedAt) }

// Rank implements Row.
func (r RefusalRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r RefusalRow) AddTo(f Facts) { put(f.Refusals, r.ID, r.Value) }

// SetIn implements Row.
func (r RefusalRow) SetIn(f Facts) { f.Refusals[r.ID] = r.Value }

// RefusalRows are the rows of f.Refusals, sorted by key.
func (f Facts) RefusalRows() []RefusalRow {
	return rowsOf(len(f.Refusals), func(add func(RefusalRow)) {
		for k, v := range f.Refusals {
			add(RefusalRow{ID: k, Value: v})
		}
	})
}

// Kind implements Row.
func (r CutoffRow) Kind() string { return KindCutoff }

// RowKey implements Row.
func (r CutoffRow) RowKey() string { return r.Scope.parts(r.Cause) }

// Rank implements Row.
func (r CutoffRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r CutoffRow) AddTo(f Facts) { putIn(f.Cutoffs, r.Scope, r.Cause, r.Value) }

// SetIn implements Row.
func (r CutoffRow) SetIn(f Facts) { setIn(f.Cutoffs, r.Scope, r.Cause, r.Value) }

// CutoffRows are the rows of f.Cutoffs, sorted by key.
func (f Facts) CutoffRows() []CutoffRow {
	return rowsOf(len(f.Cutoffs), func(add func(CutoffRow)) {
		for k, inner := range f.Cutoffs {
			for n, v := range inner {
				add(CutoffRow{Scope: k, Cause: n, Value: v})
			}
		}
	})
}

// Kind implements Row.
func (r PardonRow) Kind() string { return KindPardon }

// RowKey implements Row.
func (r PardonRow) RowKey() string { return rowKey(r.Cause) }

// Rank implements Row.
func (r PardonRow) Rank() Rank { return r.Value.rank() }

// AddTo implements Row.
func (r PardonRow) AddTo(f Facts) { put(f.Pardons, r.Cause, r.Value) }

// SetIn implements Row.
func (r PardonRow) SetIn(f Facts) { f.Pardons[r.Cause] = r.Value }

// PardonRows are the rows of f.Pardons, sorted by key.
func (f Facts) PardonRows() []PardonRow {
	return rowsOf(len(f.Pardons), func(add func(PardonRow)) {
		for k, v := range f.Pardons {
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
func (r DoubtRow) AddTo(f Facts) { putIn(f.Doubts, r.ID, r.Node, r.Value) }

// SetIn implements Row.
func (r DoubtRow) SetIn(f Facts) { setIn(f.Doubts, r.ID, r.Node, r.Value) }

// DoubtRows are the rows of f.Doubts, sorted by key.
func (f Facts) DoubtRows() []DoubtRow {
	return rowsOf(len(f.Doubts), func(add func(DoubtRow)) {
		for k, inner := range f.Doubts {
			for n, v := range inner {
				add(DoubtRow{ID: k, Node: n, Value: v})
			}
		}
	})
}
