package backfill

import (
	"maps"
	"os"
	"regexp"
	"testing"
)

// Ensure the backfill takes the resources that the listener takes, or a death that only a node
// without the listener knows would stay unknown.
func TestTypesAreTheListeners(t *testing.T) {
	java, err := os.ReadFile("../../keycloak-listener/src/main/java/io/tokenstate/listener/Types.java")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]bool{}
	for _, m := range regexp.MustCompile(`Map\.entry\("([A-Z_]+)", (true|false)\)`).FindAllStringSubmatch(string(java), -1) {
		theirs[m[1]] = m[2] == "true"
	}
	if len(theirs) == 0 || !maps.Equal(theirs, adminResources) {
		t.Errorf("the listener publishes %v, the backfill %v", theirs, adminResources)
	}
}
