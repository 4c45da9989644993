package tokenstate

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
	metricName = regexp.MustCompile("`(tokenstate_[a-z_]+)`")
	bareName   = regexp.MustCompile(`\b(tokenstate_[a-z_]+_(?:total|seconds|bucket|count|info|messages|ms))\b`) // of rules and panels
)

// Ensure each metric that the documents name is given by some program: one was lost when the code around it moved, and
// whoever built a dashboard from the documents saw nothing.
func TestDocumentedMetricsExist(t *testing.T) {
	var code strings.Builder
	named := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".dev", "target", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		program := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".java") || strings.HasSuffix(path, ".sql")
		if !program && !slices.Contains([]string{".md", ".yml", ".json"}, filepath.Ext(path)) {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if program {
			code.Write(raw)
			return nil
		}
		name := metricName
		if strings.HasPrefix(path, "deploy/") {
			name = bareName
		}
		for _, m := range name.FindAllStringSubmatch(string(raw), -1) {
			named[m[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range named {
		base := name
		for _, suffix := range []string{"_bucket", "_count", "_total", "_seconds"} { // which Prometheus and Micrometer add
			base = strings.TrimSuffix(base, suffix)
		}
		if !strings.Contains(code.String(), base) && !strings.Contains(code.String(), strings.ReplaceAll(base, "_", ".")) {
			t.Errorf("%s names the metric %s, which no program has", path, name)
		}
	}
}
