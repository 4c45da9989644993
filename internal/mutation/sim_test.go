//go:build mutations

package mutation

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table stands in docs/simulator.md between these lines.
const (
	tableBegins = "<!-- written by make sim-rules: from here -->\n"
	tableEnds   = "<!-- written by make sim-rules: to here -->\n"
)

// Ensure each rule of the core, taken out, is noticed by the simulator, or else by a test of its package; and write down
// by which seed or test. RULES_SEEDS says how many seeds the simulator has.
func TestRulesAreNoticed(t *testing.T) {
	seeds := os.Getenv("RULES_SEEDS")
	if seeds == "" {
		t.Skip("make sim-rules asks for it")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| rule taken out | noticed by (the simulator has seeds 1 to %s) | rule of docs/design.md |\n|---|---|---|\n", seeds)
	for _, m := range mutants {
		if !strings.HasPrefix(m.file, core) {
			continue // the simulator plays the core alone
		}
		t.Run(m.rule, func(t *testing.T) {
			overlay := m.overlay(t, root)
			by := simulated(t, root, overlay, seeds)
			if by == "" {
				by = "`" + m.tested(t, root, overlay) + "`"
			}
			line := fmt.Sprintf("| %s | %s | %s |", m.rule, by, designOf(m.rule))
			fmt.Println(line) //nolint:forbidigo // it takes a while, and this shows how far it is
			fmt.Fprintln(&table, line)
		})
	}
	writeTable(t, filepath.Join(root, "docs/simulator.md"), table.String())
}

// simulated is the first seed with which the simulator notices a mutant; "" if none of these does.
func simulated(t *testing.T, root, overlay, seeds string) string {
	t.Helper()
	env := []string{"SIM_SEEDS=" + seeds, "SIM_SHRINK=off", "GOMAXPROCS=1", "GOGC=400"} // one by one, so that it is the first
	out, err := run(t, root, env, "go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-timeout=20m", "-overlay="+overlay, "-run=TestVerdictsEqualTheModels", "./internal/sim/")
	if seed := regexp.MustCompile(`seed (\d+) is wrong: (.*)`).FindStringSubmatch(out); seed != nil {
		return "seed " + seed[1] + ": " + seed[2]
	}
	if err != nil {
		t.Errorf("the simulator did not run:\n%.2000s", out)
	}
	return ""
}

func writeTable(t *testing.T, file, table string) {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // our own documentation
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", file)
	}
	write(t, file, []byte(before+tableBegins+table+"\n"+tableEnds+after))
}
