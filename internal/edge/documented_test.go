package edge

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Ensure what docs/gateways.md shows for gateways that nobody ran here is YAML, and where it names one identity header
// names all.
func TestDocumentedGatewaysAreYAML(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateways.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)\n```").FindAllStringSubmatch(string(raw), -1)
	if len(blocks) != 7 {
		t.Errorf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(block[1]), &v); err != nil || len(v) == 0 {
			t.Errorf("%v:\n%s", err, block[1])
		}
		for _, name := range identity {
			if strings.Contains(block[1], "X-Auth-Realm") && !strings.Contains(block[1], name) {
				t.Errorf("%s is missing in:\n%s", name, block[1])
			}
		}
	}
}
