package tokenstate_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	// goTest, javaTest and scene are the tests that docs/faults.md names.
	goTest   = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	javaTest = regexp.MustCompile("`([a-z]+[A-Z][A-Za-z0-9]+)`")
	scene    = regexp.MustCompile(`"([A-Za-z][^"]+)"`)
	target   = regexp.MustCompile("`make ([a-z-]+)`")
)

// Ensure every test that the table of faults names is there, so that none of its rows is a promise.
func TestFaultsAreTested(t *testing.T) {
	table := read(t, "docs/faults.md")
	var source strings.Builder
	for _, path := range textFiles(t) {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "Test.java") {
			source.WriteString(read(t, path))
		}
	}
	there := source.String()
	for form, names := range map[string][][]string{
		"\nfunc %s(": goTest.FindAllStringSubmatch(table, -1), " void %s(": javaTest.FindAllStringSubmatch(table, -1), `{"%s", `: scene.FindAllStringSubmatch(table, -1),
	} {
		for _, name := range names {
			if !strings.Contains(there, strings.Replace(form, "%s", name[1], 1)) {
				t.Errorf("docs/faults.md names %q, which is no test", name[1])
			}
		}
	}
	makefile := read(t, "Makefile")
	for _, name := range target.FindAllStringSubmatch(table, -1) {
		if !strings.Contains(makefile, "\n"+name[1]+":") {
			t.Errorf("docs/faults.md names make %s, which is no target", name[1])
		}
	}
}
