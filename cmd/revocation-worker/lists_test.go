package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure orders are listed with who gave them and why, and that a pardon can be given by the user's id.
func TestOrdersAndPardonsByUser(t *testing.T) {
	w := newWorld(t)
	verdicts := w.Tracked(workertest.Plain("a", "s1"), workertest.Plain("b", "s2"))
	var order, other struct{ ID string }
	w.json(&order, "revoke", "--realm", "demo", "--user", "a", "--reason", "stolen", "--by", "ann")
	w.json(&other, "revoke", "--realm", "demo", "--user", "b", "--reason", "also stolen")
	var lines []orderLine
	w.json(&lines, "orders", "list")
	if len(lines) != 2 || lines[0].ID != other.ID || lines[1].By != "ann" || lines[1].Reason != "stolen" || lines[1].About != "user a, tokens" {
		t.Errorf("listed: %+v", lines)
	}
	if w.json(&lines, "orders", "list", "--user", "a"); len(lines) != 1 || lines[0].ID != order.ID {
		t.Errorf("of one user: %+v", lines)
	}
	if out := w.must("pardon", "--user", "a", "--reason", "found"); !strings.Contains(out, order.ID) || strings.Contains(out, other.ID) {
		t.Errorf("what was cut off of a:\n%s", out)
	}
	expect(t, "nothing was said but what there is", verdicts(), "a s1", "revoked", "b s2", "revoked")
	if out, err := w.run("pardon", "--user", "a", "--reason", "found", "--dry-run"); !errors.Is(err, ops.ErrDifferences) || !strings.Contains(out, "usable") {
		t.Errorf("a dry run: %v\n%s", err, out)
	}
	w.must("pardon", "--user", "a", "--reason", "found", "--yes")
	expect(t, "a pardon of all that is about a user", verdicts(), "a s1", "usable", "b s2", "revoked")
	if _, err := w.run("pardon", "--user", "a", "--reason", "found", "--yes"); err == nil {
		t.Error("there is nothing left to pardon")
	}
	if _, err := w.run("pardon", order.ID, "--user", "a", "--reason", "found"); !errors.Is(err, ops.ErrUsage) {
		t.Errorf("a cause and a user: %v", err)
	}
	if w.json(&lines, "orders", "list", "--limit", "1"); len(lines) != 1 || lines[0].Order != "pardon" || lines[0].Pardons != order.ID {
		t.Errorf("the newest: %+v", lines)
	}
}

// Ensure a pardon by the user's id finds what no stored token comes under any more or as yet, in whatever realm: it holds for
// whatever comes under it later.
func TestPardonOfWhatReachesNothing(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"))
	for _, args := range [][]string{{"--realm", "demo", "--client", "another-client"}, {"--realm", "mistyped"}} {
		order := append([]string{"revoke", "--user", "a", "--reason", "stolen"}, args...)
		if _, err := w.run(order...); !errors.Is(err, ops.ErrNothingReached) {
			t.Fatalf("%v: %v", order, err)
		}
	}
	var lines []cutLine
	if w.json(&lines, "pardon", "--user", "a", "--reason", "found"); len(lines) != 2 {
		t.Errorf("what was cut off of a: %+v", lines)
	}
	if w.json(&lines, "pardon", "--realm", "demo", "--user", "a", "--reason", "found"); len(lines) != 1 || lines[0].What != "tokens of client another-client" {
		t.Errorf("what was cut off of a in one realm: %+v", lines)
	}
	w.must("pardon", "--user", "a", "--reason", "found", "--yes")
	if _, err := w.run("pardon", "--user", "a", "--reason", "found"); err == nil {
		t.Error("there is nothing left to pardon")
	}
}

// Ensure tokens are listed by state, and by whether a login helps.
func TestTokensList(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"), workertest.Plain("a", "s2"), workertest.Plain("b", "s3"))
	w.must("revoke", "--realm", "demo", "--session", "s1", "--reason", "x")
	w.must("revoke", "--realm", "demo", "--user", "b", "--reason", "x")
	sessions := func(args ...string) string {
		t.Helper()
		var lines []tokenLine
		w.json(&lines, append([]string{"tokens", "list"}, args...)...)
		var out []string
		for _, l := range lines {
			out = append(out, l.Session+" "+l.State)
		}
		return strings.Join(out, ", ")
	}
	for want, args := range map[string][]string{
		"s1 revoked, s2 usable, s3 revoked": nil, "s1 revoked, s3 revoked": {"--state", "revoked"}, "s3 revoked": {"--needs-login"},
		"s1 revoked, s2 usable": {"--user", "a"}, "s1 revoked": {"--limit", "1"},
	} {
		if got := sessions(args...); got != want {
			t.Errorf("%v: %s, not %s", args, got, want)
		}
	}
	for _, args := range [][]string{{"--state", "dead"}, {"--limit", "0"}} {
		if _, err := w.run(append([]string{"tokens", "list"}, args...)...); !errors.Is(err, ops.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// Ensure migrate says in words where the schema is, and what a time must look like.
func TestInWords(t *testing.T) {
	w := newWorld(t)
	if out := w.must("migrate", "status"); !strings.HasPrefix(out, "up to date (") {
		t.Errorf("status: %s", out)
	}
	if out := w.must("migrate", "up", "--dry-run"); !strings.HasPrefix(out, "up to date (") {
		t.Errorf("a dry run: %s", out)
	}
	if got := whereItIs(44, 46); got != "2 to apply: the database is at 44, this program is made for 46" {
		t.Error(got)
	}
	if _, err := w.run("revoke", "--realm", "demo", "--user", "a", "--reason", "x", "--before", "tomorrow"); !errors.Is(err, ops.ErrUsage) || !strings.Contains(err.Error(), "2026-01-02T15:04:05Z") {
		t.Errorf("a time: %v", err)
	}
	for _, name := range []string{"KEYCLOAK_ADMIN", "KEYCLOAK_ADMIN_PASSWORD", "KEYCLOAK_URL"} {
		t.Setenv(name, "")
	}
	_, err := w.run("setup", "--realm", "demo")
	for _, name := range []string{"KEYCLOAK_ADMIN", "KEYCLOAK_ADMIN_PASSWORD", "KEYCLOAK_URL"} {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("setup without %s: %v", name, err)
		}
	}
}
