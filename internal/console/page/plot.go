package page

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Sample is what was measured at one time, by series such as "decisions/admitted". What is missing
// was not measured.
type Sample struct {
	At     time.Time
	Values map[string]float64
}

// Plot is one picture, and its numbers.
type Plot struct {
	Name, Title, Unit string
	Series            []string
	Times             []int64      // seconds
	Values            [][]*float64 // by series; nil: not measured
	Rows              []PlotRow    // the same as means, for a table
}

// PlotRow is one row of a plot's table.
type PlotRow struct {
	At     time.Time
	Values []*float64
}

// Pictures are the plots that there are. A name is the beginning of its series' names.
var Pictures = []struct{ Name, Title, Unit string }{
	{"decisions", "Decisions", "a second"},
	{"refreshes", "Access tokens asked for, by what became of it", "a second"},
	{"latency", "From Keycloak's event to our commit and to our answers", "seconds"},
	{"knowledge", "Age of the knowledge", "seconds"},
}

// Bounds of a plot.
const (
	maxSeries = 10
	tableStep = 30 * time.Minute
)

// PlotsOf draws samples, which are in the order of their times.
func PlotsOf(samples []Sample) (out []Plot) {
	for _, p := range Pictures {
		plot := Plot{Name: p.Name, Title: p.Title, Unit: p.Unit, Series: seriesOf(samples, p.Name+"/")}
		for _, s := range samples {
			plot.Times = append(plot.Times, s.At.Unix())
		}
		for _, name := range plot.Series {
			line := make([]*float64, len(samples))
			for i, s := range samples {
				if v, ok := s.Values[p.Name+"/"+name]; ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
					line[i] = &v
				}
			}
			plot.Values = append(plot.Values, line)
		}
		plot.Rows = rowsOf(plot)
		out = append(out, plot)
	}
	return out
}

func seriesOf(samples []Sample, prefix string) []string {
	found := map[string]bool{}
	for _, s := range samples {
		for name := range s.Values {
			if short, ok := strings.CutPrefix(name, prefix); ok {
				found[short] = true
			}
		}
	}
	names := slices.Sorted(maps.Keys(found))
	return names[:min(len(names), maxSeries)]
}

// rowsOf are means over half an hour, the latest first.
func rowsOf(p Plot) (rows []PlotRow) {
	step := int64(tableStep.Seconds())
	for end := len(p.Times); end > 0; {
		slot, begin := p.Times[end-1]/step, end-1
		for begin > 0 && p.Times[begin-1]/step == slot {
			begin--
		}
		row := PlotRow{At: time.Unix(slot*step, 0).UTC()}
		for _, line := range p.Values {
			row.Values = append(row.Values, mean(line[begin:end]))
		}
		rows, end = append(rows, row), begin
	}
	return rows
}

func mean(vs []*float64) *float64 {
	sum, n := 0.0, 0
	for _, v := range vs {
		if v != nil {
			sum, n = sum+*v, n+1
		}
	}
	if n == 0 {
		return nil
	}
	m := sum / float64(n)
	return &m
}
