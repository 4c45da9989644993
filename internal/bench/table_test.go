package bench

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// tokens is how many the table is of; 0: nobody has asked for the table.
func tokens(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("BENCH_TOKENS"))
	if err != nil || n <= 0 {
		t.Skip("BENCH_TOKENS says of how many tokens the table is to be: make bench")
	}
	return n
}

// row is one measurement, of several rounds.
type row struct {
	what   string
	unit   string
	goal   float64 // at most
	rounds []float64
}

func (r row) print() {
	slices.Sort(r.rounds)
	median := r.rounds[len(r.rounds)/2]
	verdict := "met"
	if median > r.goal {
		verdict = "falls short"
	}
	fmt.Printf("%-64s %14.1f %-9s (%.1f to %.1f)  goal %.0f: %s\n", r.what, median, r.unit, r.rounds[0], r.rounds[len(r.rounds)-1], r.goal, verdict) //nolint:forbidigo // the table is what was asked for
}

// each times f so many rounds of n calls, and gives nanoseconds a call.
func each(rounds, n int, f func(i int)) (ns []float64) {
	for range rounds {
		began := time.Now()
		for i := range n {
			f(i)
		}
		ns = append(ns, float64(time.Since(began).Nanoseconds())/float64(n))
	}
	return ns
}

func scaled(ns []float64, by float64) []float64 {
	for i := range ns {
		ns[i] /= by
	}
	return ns
}
