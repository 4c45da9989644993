package tokenstate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// cited finds the name of a document and, after it, a section such as "A7", "3.3" or "§3.3".
	cited = regexp.MustCompile(`\b([A-Za-z0-9_-]+\.md)\b(?:[)\]\x60]*,? (?:§|section )?([A-Z][0-9]{0,2}|[0-9](?:\.[0-9])?)\b)?`)
	// heading finds the number or letter that a heading begins with.
	heading = regexp.MustCompile(`(?m)^#{2,4} (?:\x60)?([A-Z][0-9]{0,2}|[0-9](?:\.[0-9])?)\b`)
	// nameless finds citations of a section that do not say of which document.
	nameless = regexp.MustCompile(`\bdesign §|\((?:F[0-9]+|J [0-9]+)\)`)
)

// sectioned are the documents whose sections are cited by number or letter.
var sectioned = []string{"docs/keycloak.md", "docs/design.md"}

// Ensure every document that code, tests or documents cite is in the repository, and so is the
// section. A reader who has only the repository must be able to look up every reason.
func TestCitationsExist(t *testing.T) {
	documents, sections := map[string]bool{}, map[string][]string{}
	files := textFiles(t)
	for _, path := range files {
		if filepath.Ext(path) == ".md" {
			documents[filepath.Base(path)] = true
		}
	}
	for _, path := range sectioned {
		for _, h := range heading.FindAllStringSubmatch(read(t, path), -1) {
			sections[filepath.Base(path)] = append(sections[filepath.Base(path)], h[1])
		}
	}
	for _, path := range files {
		if path == "citations_test.go" {
			continue
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			if mayBeNameless(line) && nameless.MatchString(line) {
				t.Errorf("%s:%d cites a section of no document: name the document, and one that is in the repository", path, i+1)
			}
			if !strings.Contains(line, ".md") {
				continue
			}
			for _, c := range cited.FindAllStringSubmatch(line, -1) {
				of, known := sections[c[1]]
				switch {
				case !documents[c[1]]:
					t.Errorf("%s:%d cites %s, which is not in the repository: state the reason itself", path, i+1, c[1])
				case known && c[2] != "" && !slices.Contains(of, c[2]):
					t.Errorf("%s:%d cites %s %s, and no heading there begins with %s", path, i+1, c[1], c[2], c[2])
				}
			}
		}
	}
}

// mayBeNameless is quick: under the race detector the expressions would take more than a minute for all lines.
func mayBeNameless(line string) bool {
	return strings.Contains(line, "design §") || strings.Contains(line, "(F") || strings.Contains(line, "(J ")
}

func textFiles(t *testing.T) (files []string) {
	t.Helper()
	kinds := []string{".go", ".java", ".md", ".sql", ".yml", ".yaml", ".conf", ".sh", ".py", ""}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "target" || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !d.IsDir() && slices.Contains(kinds, filepath.Ext(path)) && d.Type().IsRegular():
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
