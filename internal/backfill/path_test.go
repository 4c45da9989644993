package backfill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// javaPaths is the listener's own test of the same paths.
var javaPaths = filepath.Join("..", "..", "keycloak-listener", "src", "test", "java", "io", "tokenstate", "listener", "ResourcePathTest.java")

// Ensure a path names the same for the backfill and for the listener: one event must not have two
// subjects. The listener's test must hold no line that this one does not.
func TestPaths(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "paths.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")[1:]
	known := map[string]bool{}
	for _, line := range lines {
		known[line] = true
		f := strings.Split(strings.ReplaceAll(line+",", " -,", " ,"), ", ")
		f[4] = strings.TrimSuffix(f[4], ",")
		if got, want := pathOf(f[0]), (resource{user: f[1], session: f[2], client: f[3], clientID: f[4]}); got != want {
			t.Errorf("%s: %+v, not %+v", f[0], got, want)
		}
	}
	java, err := os.ReadFile(javaPaths)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(java)) {
		line, ok := strings.CutSuffix(strings.TrimSpace(line), `",`)
		if !ok || !strings.HasPrefix(line, `"`) {
			continue
		}
		if n++; !known[line[1:]] {
			t.Errorf("testdata/paths.csv lacks the listener's %s", line[1:])
		}
	}
	if n == 0 && !strings.Contains(string(java), "paths.csv") {
		t.Error("the listener's test has no paths any more")
	}
	if got := pathOf("users/" + strings.Repeat("x", 300)); got != (resource{}) {
		t.Errorf("%+v", got)
	}
}

// Ensure an odd representation never says that only an online session was ended, and that a large
// one is not taken over.
func TestOddRepresentations(t *testing.T) {
	huge := `{"offline":false,"x":"` + strings.Repeat("x", maxRepr) + `"}`
	large := `{"x":"` + strings.Repeat("x", maxRepr-100) + `","offline":false}`
	for name, c := range map[string]struct {
		text  string
		doubt bool
	}{
		"online":              {`{"offline":false}`, false},
		"offline":             {`{"offline":true}`, true},
		"none":                {``, true},
		"a text":              {`{"offline":"false"}`, true},
		"a number":            {`{"offline":0}`, true},
		"null":                {`{"offline":null}`, true},
		"an object":           {`{"offline":{"offline":false}}`, true},
		"a list":              {`[{"offline":false}]`, true},
		"another's spelling":  {`{"Offline":false}`, true},
		"truncated":           {`{"offline":false,"use`, true},
		"not JSON":            {`<html>`, true},
		"huge":                {huge, true},
		"large":               {large, false},
		"others of odd types": {`{"offline":false,"enabled":"no","notBefore":1e99,"clientId":5}`, false},
	} {
		_, h := adminEvent(AdminEvent{ID: "event-0001", Time: 1000, OperationType: "DELETE", ResourceType: "USER_SESSION", ResourcePath: "sessions/s", Representation: c.text}, "demo")
		h.Event = "event-0001"
		m := events.Message{ID: "event-0001/b", Realm: "demo", At: 1000, Received: 1000, Source: events.Backfill, Body: h}
		f := tokenstate.Learn(m)
		doubts := f.DoubtRows()
		raised := tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: tokenstate.Scope{Realm: "demo", Session: "s"}}}
		if got := len(doubts) == 1 && doubts[0].ID == raised; got != c.doubt || len(doubts) > 1 {
			t.Errorf("%s: doubts %+v", name, doubts)
		}
		if r := h.Representation; r != nil && (r.Enabled != nil || r.NotBefore != nil || r.ClientID != nil) {
			t.Errorf("%s: %+v was made of another type", name, r)
		}
		if raw, err := events.Encode(m); err != nil || len(raw) > 4096 {
			t.Errorf("%s: a message of %d bytes, %v", name, len(raw), err)
		}
	}
}
