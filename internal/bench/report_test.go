package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// report is the table. Its file is written anew with each row, so that a campaign that is cut leaves what it has seen.
type report struct {
	Tokens int       `json:"tokens"`
	Began  time.Time `json:"began"`
	Go     string    `json:"go"`
	CPUs   int       `json:"cpus"`
	Rows   []told    `json:"rows"`

	file string // "": none
}

// told is a row as the file has it.
type told struct {
	Group      string    `json:"group"`
	Row        string    `json:"row"`
	Unit       string    `json:"unit"`
	Median     float64   `json:"median"`
	Least      float64   `json:"least"`
	Most       float64   `json:"most"`
	Goal       *goal     `json:"goal,omitempty"`
	FallsShort bool      `json:"falls_short"`
	Rounds     []float64 `json:"rounds"`
	Load       string    `json:"load"` // of the machine in the last minute, when the row was done
}

func (p *report) add(tb testing.TB, group string, r row) {
	tb.Helper()
	fmt.Println(r) //nolint:forbidigo // the table is what was asked for
	one := told{
		Group: group, Row: r.what, Unit: r.unit, Median: r.median(), Least: slices.Min(r.rounds), Most: slices.Max(r.rounds),
		FallsShort: r.verdict() == "falls short", Rounds: r.rounds, Load: load(),
	}
	if r.goal.set {
		one.Goal = &r.goal
	}
	p.Rows = append(p.Rows, one)
	if p.file == "" {
		return
	}
	raw, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		err = os.WriteFile(p.file, append(raw, '\n'), 0o600)
	}
	if err != nil {
		tb.Fatalf("BENCH_JSON: %v", err)
	}
}

func newReport(tokens int, file string) *report {
	return &report{Tokens: tokens, Began: time.Now().UTC(), Go: runtime.Version(), CPUs: runtime.NumCPU(), file: file}
}

// load is what waits for the machine's processors, where the machine says it.
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(raw), " ")
	return first
}

// Ensure the file has each row so far, with its goal and whether it falls short of it.
func TestReport(t *testing.T) {
	p := newReport(7, filepath.Join(t.TempDir(), "bench.json"))
	p.add(t, "g", row{"a", "ms", atMost(1), []float64{2, 3, 1}})
	p.add(t, "g", row{"b", "", goal{}, []float64{5}})
	raw, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(raw, &got); err != nil || got.Tokens != 7 || len(got.Rows) != 2 {
		t.Fatalf("%v: %s", err, raw)
	}
	if a := got.Rows[0]; a.Median != 2 || a.Least != 1 || a.Most != 3 || !a.FallsShort || a.Goal.Bound != 1 || a.Goal.Least {
		t.Errorf("%+v", a)
	}
	if b := got.Rows[1]; b.Goal != nil || b.FallsShort {
		t.Errorf("%+v", b)
	}
}
