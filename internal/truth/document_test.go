//go:build truth

package truth

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// Ensure docs/truth.md names each action that is played, and no other.
func TestEachActionStandsInItsTable(t *testing.T) {
	raw, err := os.ReadFile("../../docs/truth.md")
	must(t, err)
	section := regexp.MustCompile(`(?s)\n## What is played\n.*?\n\|---\|---\|\n(.*?)\n\n`).FindSubmatch(raw)
	if section == nil {
		t.Fatal("docs/truth.md has no table of what is played")
	}
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*) \| .* \|$`).FindAllSubmatch(section[1], -1) {
		documented = append(documented, string(row[1]))
	}
	var played []string
	for _, table := range [][]action{ofOne, ofStored, ofAll, ofAllForAWhile} {
		for _, a := range table {
			played = append(played, a.name)
			if !slices.Contains(documented, a.name) {
				t.Errorf("%q is not in docs/truth.md", a.name)
			}
		}
	}
	for _, name := range documented {
		if !slices.Contains(played, name) {
			t.Errorf("docs/truth.md names %q, which is not played", name)
		}
	}
}
