package tokenstate_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// learntType is a user event of the table that says what each event puts in question, if that is anything.
var learntType = regexp.MustCompile(`events\.Happened\{Type: "([A-Z_]+)".*\}, ".+"\},`)

// Ensure a user event that is learnt from is also told by the listener, read from the event store, and saved there: each
// of these has a list of its own, in its own language, and one that is forgotten is missed only in an outage.
func TestUserEventsStandEverywhere(t *testing.T) {
	places := map[string]string{}
	for _, path := range []string{
		"keycloak-listener/src/main/java/io/tokenstate/listener/Types.java", "internal/backfill/extract.go",
		"internal/doctor/checks.go", "deploy/realm.json",
	} {
		places[path] = text(t, path)
	}
	learnt := learntType.FindAllStringSubmatch(text(t, "internal/tokenstate/rowdoubts_test.go"), -1)
	if len(learnt) < 10 {
		t.Fatalf("only %d user events found", len(learnt))
	}
	for _, found := range learnt {
		for path, words := range places {
			if !strings.Contains(words, `"`+found[1]+`"`) {
				t.Errorf("%s lacks %s, which internal/tokenstate learns from", path, found[1])
			}
		}
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
