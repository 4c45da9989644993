package bench

import (
	"fmt"
	"slices"
	"testing"
)

// goal is a bound that a median is held to. The zero value is none: the row only tells what another one is made of.
type goal struct {
	Bound float64 `json:"bound"`
	Least bool    `json:"least"` // the bound is what must be reached, and not what must not be exceeded
	set   bool
}

var none goal

func atMost(n float64) goal  { return goal{Bound: n, set: true} }
func atLeast(n float64) goal { return goal{Bound: n, Least: true, set: true} }

func (g goal) met(median float64) bool {
	switch {
	case !g.set:
		return true
	case g.Least:
		return median >= g.Bound
	default:
		return median <= g.Bound
	}
}

func (g goal) String() string {
	if g.Least {
		return fmt.Sprintf("at least %g", g.Bound)
	}
	return fmt.Sprintf("at most %g", g.Bound)
}

// row is one measurement, of several rounds.
type row struct {
	what   string
	unit   string
	goal   goal
	rounds []float64
}

func (r row) median() float64 {
	sorted := slices.Sorted(slices.Values(r.rounds))
	return sorted[len(sorted)/2]
}

func (r row) verdict() string {
	switch {
	case !r.goal.set:
		return ""
	case r.goal.met(r.median()):
		return "met"
	default:
		return "falls short"
	}
}

func (r row) String() string {
	s := fmt.Sprintf("%-68s %12.4g %-10s", r.what, r.median(), r.unit)
	if len(r.rounds) > 1 {
		s += fmt.Sprintf(" (%.4g to %.4g)", slices.Min(r.rounds), slices.Max(r.rounds))
	}
	if r.goal.set {
		s += fmt.Sprintf("  goal %s: %s", r.goal, r.verdict())
	}
	return s
}

// Ensure a row is held to its goal by its median, whichever way its goal points.
func TestRow(t *testing.T) {
	for _, c := range []struct {
		goal    goal
		verdict string
	}{{atMost(3), "met"}, {atMost(2.9), "falls short"}, {atLeast(3), "met"}, {atLeast(3.1), "falls short"}, {goal{}, ""}} {
		if got := (row{goal: c.goal, rounds: []float64{9, 1, 3, 2, 8}}).verdict(); got != c.verdict {
			t.Errorf("a median of 3 with the goal %q: %q, want %q", c.goal, got, c.verdict)
		}
	}
}
