//go:build mutations

package mutation

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// listenerMutant is one rule of the Keycloak listener taken out; tests are the classes that must catch it.
type listenerMutant struct{ rule, class, from, to, tests string }

const listenerSources = "keycloak-listener/src/main/java/io/tokenstate/listener/"

var javaFailed = regexp.MustCompile(`className = 'io\.tokenstate\.listener\.(\w+)', methodName = '(\w+)'`)

// Ensure that no rule of the listener can be taken out without a Java test that goes red. Each
// mutant is made in a copy, for Maven knows no overlay.
func TestNoListenerMutantSurvives(t *testing.T) {
	chosen := slices.DeleteFunc(slices.Clone(listenerMutants), func(m listenerMutant) bool {
		return !wanted(t, listenerSources+m.class+".java", m.rule)
	})
	if len(chosen) == 0 {
		t.Skip("MUTATION_ONLY asks for none of the listener's")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, part := range []string{"keycloak-listener/pom.xml", "keycloak-listener/src", "internal/events"} {
		copyTo(t, filepath.Join(root, part), filepath.Join(dir, part))
	}
	java := prepareJava(t, dir)
	java.mustPass(t)
	for _, m := range chosen {
		t.Run(m.rule, func(t *testing.T) {
			restore := m.plant(t, dir)
			defer restore()
			if out, err := java.compile(t); err != nil {
				t.Fatalf("does not compile:\n%.2000s", out)
			}
			out, err := java.run(t, m.tests)
			by := javaFailed.FindStringSubmatch(out)
			if err == nil || by == nil {
				t.Errorf("survived %s:\n%.2000s", m.tests, out)
				by = []string{"", "nobody", ""}
			}
			fmt.Printf("| %s | %s.%s |\n", m.rule, by[1], by[2]) //nolint:forbidigo // the table
		})
	}
}

// mustPass runs all tests that mutants are to turn red, before anything is planted: a test that fails anyway kills
// every mutant.
func (j javaTests) mustPass(t *testing.T) {
	t.Helper()
	classes := map[string]bool{}
	for _, m := range listenerMutants {
		for class := range strings.SplitSeq(m.tests, ",") {
			classes[class] = true
		}
	}
	if out, err := j.run(t, strings.Join(slices.Sorted(maps.Keys(classes)), ",")); err != nil {
		t.Fatalf("without any mutant:\n%.4000s", out)
	}
}

// plant changes the copy and says how to change it back.
func (m listenerMutant) plant(t *testing.T, dir string) (restore func()) {
	t.Helper()
	file := filepath.Join(dir, listenerSources, m.class+".java")
	source, err := os.ReadFile(file) //nolint:gosec // our own source
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		t.Fatalf("%q stands %d times in %s: the table is out of date", m.from, n, m.class)
	}
	write(t, file, []byte(strings.Replace(string(source), m.from, m.to, 1)))
	return func() { write(t, file, source) }
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile(from) //nolint:gosec // our own source
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, to, raw)
}
