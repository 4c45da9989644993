package console_test

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/consoletest"
)

func (s *site) begins(check string) seen {
	s.t.Helper()
	return s.send(http.MethodPost, "/log/check", url.Values{"what": {check}})
}

// until asks for a page until it says something.
func (s *site) until(path, says string) string {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if got := html.UnescapeString(s.get(path).body); strings.Contains(got, says) {
			return got
		}
	}
	s.t.Fatalf("%s never says %q", path, says)
	return ""
}

// Ensure an operator, and nobody else, begins a check, one at a time; the page says how far it is, what it found, and that it
// failed without what the database said.
func TestChecks(t *testing.T) {
	s := newSite(t, 12, true).as("support")
	if got := s.begins("verify"); got.status != http.StatusForbidden {
		t.Errorf("support begins one: %d", got.status)
	}
	s.as("operator")
	if got := s.begins("repair"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown one: %d", got.status)
	}
	if got := s.begins("verify"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/log" {
		t.Errorf("verify: %d", got.status)
	}
	s.until("/log", "2000 of 4690 journal lines")
	if got := s.begins("replay"); got.status != http.StatusConflict {
		t.Errorf("a second one beside it: %d", got.status)
	}
	s.Checks.Go <- nil
	s.until("/log", "4690 journal lines were compared, and they agree.")
	s.begins("replay")
	s.Checks.Go <- nil
	if got := s.until("/log", "2 verdicts would change"); !strings.Contains(got, "differs") || !strings.Contains(s.get("/log").body, "&lt;b&gt;u&lt;/b&gt;") {
		t.Errorf("a replay: %s", got)
	}
	s.begins("verify")
	s.Checks.Go <- errors.New("password=x")
	if got := s.until("/log", "It could not be done"); strings.Contains(got, "password=x") {
		t.Errorf("a failed one: %s", got)
	}
}

// Ensure an operator sees what a pardon would bring back and the command that gives it, and that nothing is shown to be
// pasted into a shell that a shell would read otherwise.
func TestPardonIsShown(t *testing.T) {
	s := newSite(t, 12, true).as("operator")
	cut := consoletest.Users(11)[10]
	orders := s.get("/orders").body
	at := "/orders/pardon?cause=order-000010&realm=demo&user=" + cut
	if !strings.Contains(html.UnescapeString(orders), at) || strings.Contains(orders, "cause=order-000009") {
		t.Errorf("the orders lead elsewhere: %s", orders)
	}
	got := s.get(at).body
	for _, part := range []string{"session-000010", "K000000010", "usable", "admitted", `revocation-worker pardon order-000010 --reason &#34;why&#34;`} {
		if !strings.Contains(got, part) {
			t.Errorf("the page lacks %q: %s", part, got)
		}
	}
	for name, cause := range map[string]string{"a shell's": "x; reboot", "a flag": "--all", "a line": "x\nreboot", "a quote": "$(reboot)"} {
		got := s.get("/orders/pardon?realm=demo&user=" + cut + "&cause=" + url.QueryEscape(cause)).body
		if strings.Contains(got, "revocation-worker pardon") || !strings.Contains(got, "Nothing: ") {
			t.Errorf("%s cause: %s", name, got)
		}
	}
	if got := s.get("/orders/pardon?realm=demo"); got.status != http.StatusBadRequest {
		t.Errorf("without a cause: %d", got.status)
	}
}
