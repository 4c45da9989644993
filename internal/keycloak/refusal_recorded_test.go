package keycloak

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// recordedRefusals is what Keycloak 26.7.3 answered in the recorded scenes, each kind once, and
// what is made of it.
var recordedRefusals = map[string]string{}

// Ensure every refusal that was recorded from the real server is one that the table knows, and
// that none of those it is said to have given has become another.
func TestRecordedRefusalsAreKnown(t *testing.T) {
	files, err := filepath.Glob("../events/testdata/scenes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("the recorded scenes are gone: %v", err)
	}
	seen := map[string]string{}
	for _, f := range files {
		raw, err := os.ReadFile(f) //nolint:gosec // our own corpus
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Answers []struct {
				Status      int
				Error       string
				Description string `json:"error_description"`
			}
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Answers {
			if a.Status != 200 {
				class, reason := Classify(a.Status, a.Error, a.Description)
				seen[fmt.Sprintf("%d %s %s", a.Status, a.Error, a.Description)] = fmt.Sprintf("%s %s", class, reason)
			}
		}
	}
	for answer, meaning := range seen {
		if want, ok := recordedRefusals[answer]; !ok || want != meaning {
			t.Errorf("%q means %q, want %q", answer, meaning, want)
		}
	}
	for answer := range recordedRefusals {
		if seen[answer] == "" {
			t.Errorf("no scene shows %q any more", answer)
		}
	}
}
