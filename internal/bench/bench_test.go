package bench

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// groups are the rows that are measured together.
var groups = []struct {
	name    string
	measure func(*bench)
}{
	{"memory", memory},
	{"judge", judge},
	{"doors", doors},
	{"start", start},
	{"drain", drain},
	{"writers", writers},
	{"followers", followers},
	{"recover", recovered},
	{"view", view},
	{"enforced", enforced},
	{"console", beside},
	{"scraped", scraped},
}

// bench is one group's measuring.
type bench struct {
	*testing.T

	population

	group  string
	rounds int // of how many measurements a row is the median
	report *report
	copies int          // of databases
	things atomic.Int64 // that were written
}

func (b *bench) row(what, unit string, g goal, rounds ...float64) {
	b.Helper()
	b.report.add(b, b.group, row{what, unit, g, rounds})
}

// TestBench prints the table. It fails only where an answer is wrong: how fast a machine is fails nobody.
func TestBench(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("BENCH_TOKENS"))
	if err != nil || n <= 0 {
		t.Skip("BENCH_TOKENS says of how many tokens the table is to be: make bench")
	}
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_ROUNDS"), "5"))
	if err != nil || rounds <= 0 {
		t.Fatal("BENCH_ROUNDS is not a number of rounds")
	}
	table := newReport(n, os.Getenv("BENCH_JSON"))
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			fmt.Printf("-- %s, %d tokens, the machine's load is %s\n", g.name, n, load()) //nolint:forbidigo // as the rows
			g.measure(&bench{T: t, population: population{n, began}, group: g.name, rounds: rounds, report: table})
		})
	}
}
