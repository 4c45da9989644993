package main

import (
	"strings"
	"testing"
)

const emptyTable = "text\n" + runsBegin + "\n" + runsEnd + "\nmore text\n"

// Ensure the table holds one row of each version and kind of run, the latest, the newest version
// first, and what the run's own output said, red or not.
func TestWithRow(t *testing.T) {
	doc := emptyTable
	for _, run := range []struct{ version, switched, out string }{
		{"26.4.7", "on", "devstack: keycloak is ready after 9.1 s\nactions=60 tokens=9 agree=8 false_revoked=0 false_usable=1 seed=1"},
		{"26.10.0", "on", "devstack: keycloak: not ready within 5m0s\n"},
		{"26.4.7", "off", "devstack: keycloak is ready after 9.1 s\nactions=60 tokens=7 agree=7 false_revoked=0 false_usable=0 seed=2"},
		{"26.4.7", "on", "devstack: keycloak is ready after 9.1 s\n--- PASS\nactions=90 births=3 tokens=99 agree=99 false_revoked=0 false_usable=0 seed=3\nok"},
	} {
		r := versionRun{version: run.version, switched: run.switched, date: "2026-01-02"}
		if err := r.read(strings.NewReader(run.out)); err != nil {
			t.Fatal(err)
		}
		if r.started == "yes" {
			r.listener = "on"
		}
		var err error
		if doc, err = withRow(doc, r); err != nil {
			t.Fatal(err)
		}
	}
	want := "text\n" + runsBegin + `
| Keycloak | wanted | starts | listener | actions | tokens | agree | false_revoked | false_usable | seed | date |
|---|---|---|---|---|---|---|---|---|---|---|
| 26.10.0 | on | no | - | - | - | - | - | - | - | 2026-01-02 |
| 26.4.7 | on | yes | on | 90 | 99 | 99 | 0 | 0 | 3 | 2026-01-02 |
| 26.4.7 | off | yes | on | 60 | 7 | 7 | 0 | 0 | 2 | 2026-01-02 |
` + runsEnd + "\nmore text\n"
	if doc != want {
		t.Errorf("got\n%s\nwant\n%s", doc, want)
	}
	cut := versionRun{version: "26.4.7"}
	if err := cut.read(strings.NewReader("devstack: keycloak is ready\ndevstack: " + errInterrupted.Error())); err != nil || !cut.interrupted {
		t.Errorf("an interrupted run counts: %+v, %v", cut, err)
	}
	if _, err := withRow("no marks", versionRun{}); err == nil {
		t.Error("a document without the table's marks was written")
	}
}

// Ensure a listener that is off, absent or blind is not called on.
func TestListenerIn(t *testing.T) {
	for log, want := range map[string]string{
		"INFO tokenstate: listener on (node kc1)":                                          "on",
		"INFO tokenstate: listener on (x)\nERROR tokenstate: the listener is OFF, offline": "OFF",
		"INFO tokenstate: listener on (x)\nWARN tokenstate: a look failed (Error)":         "on", // cut off by a stop, say: it is repeated
		"INFO tokenstate: listener on (x)\nWARN tokenstate: a look failed again and again": "on, looks fail",
		"INFO tokenstate: listener on (x)\nWARN tokenstate: the look on trial failed":      "on, looks fail",
		"INFO Keycloak 26.0.8 started":                                                     "not loaded",
	} {
		if got := listenerIn(log); got != want {
			t.Errorf("%q: %q, not %q", log, got, want)
		}
	}
}
