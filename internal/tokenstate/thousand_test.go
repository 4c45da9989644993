package tokenstate_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a user with more offline sessions than a message holds is settled, by what a real Keycloak
// made the recorder see: the session that an event names by the listener alone, and every other by
// looks over the admin API.
func TestThousandSessions(t *testing.T) {
	file, err := os.Open("../events/testdata/thousand.json.gz")
	if os.IsNotExist(err) {
		t.Skip("not recorded yet: TestThousandSessions of cmd/revocation-worker")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	raw, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		After    []int
		Tokens   []recordedAnswer
		Messages []recordedMessage
	}
	if err := json.NewDecoder(raw).Decode(&v); err != nil {
		t.Fatal(err)
	}
	ms := decodeAll(t, v.Messages)
	if len(v.Tokens) < 1001 || len(v.After) != 3 {
		t.Fatalf("%d tokens, %d times", len(v.Tokens), len(v.After))
	}
	heard, looked, ended := fold(of(ms[:v.After[0]], events.Listener)), fold(ms[:v.After[1]]), fold(ms[:v.After[2]])
	for i, a := range v.Tokens {
		tok := a.token(ms[0].Realm)
		for when, want := range map[string]struct {
			facts          tokenstate.Facts
			lives, inDoubt bool
		}{
			"by the listener alone": {heard, i > 0, i > 0},
			"looked at":             {looked, i > 0, false},
			"all ended":             {ended, false, false},
		} {
			got := tokenstate.Judge(tok, want.facts, recordedRules())
			if (got.State == tokenstate.Usable) != want.lives || got.InDoubt != want.inDoubt {
				t.Fatalf("token %d, %s: %+v", i, when, got)
			}
		}
	}
}
