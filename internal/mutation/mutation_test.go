//go:build mutations

package mutation

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// seeds are how many truth runs a mutant may survive.
const seeds = 4

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// Ensure that no rule of the core can be taken out without a test that goes red.
func TestNoMutantSurvives(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if !wanted(t, m.file, m.rule) {
			continue
		}
		t.Run(m.rule, func(t *testing.T) {
			overlay := m.overlay(t, root)
			line := fmt.Sprintf("| %s | %s |", m.rule, m.tested(t, root, overlay))
			if m.truth && os.Getenv("MUTATION_TRUTH") != "" {
				line += " " + truth(t, root, overlay) + " |"
			}
			fmt.Println(line) //nolint:forbidigo // the table
		})
	}
}

// wanted says whether MUTATION_ONLY, a pattern of file and rule, asks for a mutant.
func wanted(t *testing.T, file, rule string) bool {
	t.Helper()
	only, err := regexp.Compile(os.Getenv("MUTATION_ONLY"))
	if err != nil {
		t.Fatal(err)
	}
	return only.MatchString(file + " " + rule)
}

// tested is the first test of its package that catches a mutant.
func (m mutant) tested(t *testing.T, root, overlay string) string {
	t.Helper()
	out, err := run(t, root, nil, "go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-overlay="+overlay, "./"+m.testedIn())
	by := failed.FindStringSubmatch(out)
	if err == nil || by == nil {
		t.Errorf("survived its package's tests:\n%.2000s", out)
		return "nobody"
	}
	return by[1]
}

// testedIn is the folder of the tests: those of a question in SQL are where it is asked.
func (m mutant) testedIn() string {
	if dir := filepath.Dir(m.file); dir != "internal/dbsqlc" {
		return dir
	}
	return keeps
}

// overlay writes the mutant beside the tree.
func (m mutant) overlay(t *testing.T, root string) string {
	t.Helper()
	at := filepath.Join(root, m.file)
	source, err := os.ReadFile(at) //nolint:gosec // our own source
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		t.Fatalf("%q stands %d times in %s: the table is out of date", m.from, n, m.file)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(m.file))
	write(t, changed, []byte(strings.Replace(string(source), m.from, m.to, 1)))
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{at: changed}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	write(t, file, raw)
	return file
}

// truth is the seed with which the differential test catches a mutant.
func truth(t *testing.T, root, overlay string) string {
	t.Helper()
	for seed := 1; seed <= seeds; seed++ {
		env := []string{"GOFLAGS=-overlay=" + overlay, "TRUTH_SEED=" + strconv.Itoa(seed), "TRUTH_ACTIONS=500", "TRUTH_SHRINK=off"}
		out, err := run(t, root, env, "go", "test", "-count=1", "-timeout=20m", "-tags=truth", "-run=TestVerdictsEqualKeycloaks", "./internal/truth/")
		counts := regexp.MustCompile(`false_revoked=\d+ false_usable=\d+ seed=\d+`).FindAllString(out, -1)
		if err != nil && len(counts) > 0 {
			return counts[len(counts)-1]
		}
	}
	t.Errorf("survived %d truth runs", seeds)
	return "survived"
}

func run(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...) //nolint:gosec // our own tests
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
