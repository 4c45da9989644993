package tokenstate

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The kinds of row, as the feed names them.
const (
	KindStanding = "standing"
	KindLook     = "look"
	KindSighting = "sighting"
	KindRefusal  = "refusal"
	KindCutoff   = "cutoff"
	KindPardon   = "pardon"
	KindDoubt    = "doubt"
)

// One row of each kind of fact: its full key, and the value. Rows lie in snapshots as
// JSON under the names of their tags, which a new name in Go must not change.
type (
	// StandingRow is one fact of its kind.
	StandingRow struct {
		Subject Subject  `json:"Subject"`
		Node    string   `json:"Node"`
		Value   Standing `json:"Value"`
	}
	// LookRow is one fact of its kind.
	LookRow struct {
		Scope Scope  `json:"Scope"`
		Node  string `json:"Node"`
		Value Look   `json:"Value"`
	}
	// SightingRow is one fact of its kind.
	SightingRow struct {
		ID    SightingKey `json:"ID"`
		Node  string      `json:"Node"`
		Value Sighting    `json:"Value"`
	}
	// RefusalRow is one fact of its kind.
	RefusalRow struct {
		ID    RefusalKey `json:"ID"`
		Value Refusal    `json:"Value"`
	}
	// CutoffRow is one fact of its kind.
	CutoffRow struct {
		Scope Scope  `json:"Scope"`
		Cause string `json:"Cause"`
		Value Cutoff `json:"Value"`
	}
	// PardonRow is one fact of its kind.
	PardonRow struct {
		Cause string   `json:"Cause"`
		Value Pardoned `json:"Value"`
	}
	// DoubtRow is one fact of its kind.
	DoubtRow struct {
		ID    DoubtKey `json:"ID"`
		Node  string   `json:"Node"`
		Value Raised   `json:"Value"`
	}
)

// Row is one fact with its full key. RowKey is unique within a kind; rows are sorted by it, so
// that every writer locks in the same order (no deadlocks).
type Row interface {
	Kind() string
	RowKey() string
	Rank() Rank
	// AddTo joins the row into f.
	AddTo(f Facts)
	// SetIn replaces what f holds under the row's key: for readers, who take what Postgres joined.
	SetIn(f Facts)
}

func rowKey(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings, numbers and booleans only
	}
	return string(b)
}

func (s Scope) parts(more ...any) string {
	return rowKey(append([]any{s.Realm, s.User, s.Client, s.Session, s.Key}, more...)...)
}

func rowsOf[R Row](each func(add func(R))) []R {
	type keyed struct {
		key string
		row R
	}
	var all []keyed // with their keys, which cost more to make than to compare
	each(func(r R) { all = append(all, keyed{r.RowKey(), r}) })
	slices.SortFunc(all, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	rows := make([]R, len(all))
	for i, k := range all {
		rows[i] = k.row
	}
	return rows
}

// Rows are all facts, sorted by kind (in the order of the struct) and key.
func (f Facts) Rows() []Row {
	var rows []Row
	rows = appendRows(rows, f.StandingRows())
	rows = appendRows(rows, f.LookRows())
	rows = appendRows(rows, f.SightingRows())
	rows = appendRows(rows, f.RefusalRows())
	rows = appendRows(rows, f.CutoffRows())
	rows = appendRows(rows, f.PardonRows())
	return appendRows(rows, f.DoubtRows())
}

func appendRows[R Row](rows []Row, more []R) []Row {
	for _, r := range more {
		rows = append(rows, r)
	}
	return rows
}

// FactsOf joins rows.
func FactsOf(rows []Row) Facts {
	f := NewFacts()
	for _, r := range rows {
		r.AddTo(f)
	}
	return f
}

// Dump writes all facts as text, one a line: equal facts give equal bytes.
func (f Facts) Dump(w io.Writer) error {
	for _, r := range f.Rows() {
		v, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("dump facts: %w", err)
		}
		if _, err := fmt.Fprintf(w, "%s %s\n", r.Kind(), v); err != nil {
			return fmt.Errorf("dump facts: %w", err)
		}
	}
	return nil
}
