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
func TestFaultsAreTested(t *testing.T) { namedTestsExist(t, "docs/faults.md") }

// Ensure the same of what SECURITY.md promises, and that no promise there is without a test.
func TestSecurityIsTested(t *testing.T) {
	namedTestsExist(t, "SECURITY.md")
	_, held, _ := strings.Cut(read(t, "SECURITY.md"), "| promise | test |\n|---|---|\n")
	table, _, _ := strings.Cut(held, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 20 {
		t.Fatalf("the table of promises has %d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row, " | ")
		if last := cells[len(cells)-1]; !goTest.MatchString(last) && !scene.MatchString(last) {
			t.Errorf("no test holds: %s", row)
		}
	}
}

// namedTestsExist: where quotation marks stand in running text they name no scene.
func namedTestsExist(t *testing.T, document string) {
	t.Helper()
	table := read(t, document)
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
				t.Errorf("%s names %q, which is no test", document, name[1])
			}
		}
	}
	makefile := read(t, "Makefile")
	for _, name := range target.FindAllStringSubmatch(table, -1) {
		if !strings.Contains(makefile, "\n"+name[1]+":") {
			t.Errorf("%s names make %s, which is no target", document, name[1])
		}
	}
}
