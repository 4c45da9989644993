//go:build mutations

package mutation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that every mutant still fits the code, which `make verify` asks: a rule that was rewritten
// would otherwise go untested until somebody runs the mutants, which takes an hour.
func TestMutantsFit(t *testing.T) {
	check := func(rule, file, from string) {
		source, err := os.ReadFile(filepath.Join("../..", file)) //nolint:gosec // our own source
		if err != nil {
			t.Errorf("%s: %v", rule, err)
		} else if n := strings.Count(string(source), from); n != 1 {
			t.Errorf("%s: %q stands %d times in %s", rule, from, n, file)
		}
	}
	for _, m := range mutants {
		check(m.rule, m.file, m.from)
	}
	for _, m := range listenerMutants {
		check(m.rule, listenerSources+m.class+".java", m.from)
	}
}
