package console_test

import (
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/console/consoletest"
)

var nextPage = regexp.MustCompile(`<a href="([^"]+)" rel="next">`)

// walk follows a list to its end, and gives how many rows and pages there were.
func (s *site) walk(path string) (rows, n int) {
	s.t.Helper()
	for path != "" {
		got := s.get(path)
		if got.status != http.StatusOK {
			s.t.Fatalf("%s: %d", path, got.status)
		}
		if n++; n > 100 {
			s.t.Fatalf("%s has no end", path)
		}
		_, body, found := strings.Cut(got.body, "<tbody>")
		if found {
			body, _, _ = strings.Cut(body, "</tbody>")
			rows += strings.Count(body, "<tr")
		}
		path = ""
		if m := nextPage.FindStringSubmatch(got.body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	return rows, n
}

// Ensure lists are given whole, page by page, each row once, and filters select by what is decided now.
func TestLists(t *testing.T) {
	const users = 1201
	s := newSite(t, users, true).as("support")
	for path, want := range map[string]int{
		"/tokens?x=": users, "/keys?x=": users, "/tokens?realm=other": 0, "/tokens?state=suspended": 300, "/tokens?state=revoked": 300,
		"/tokens?need=login": 300, "/keys?state=refused": 600, "/keys?user=nobody": 0, "/tokens?client=app&state=usable": 601, "/audit": users,
	} {
		if rows, n := s.walk(path); rows != want || n > want/50+1 {
			t.Errorf("%s: %d rows on %d pages, want %d", path, rows, n, want)
		}
	}
	if got := s.get("/tokens?after=nonsense!"); got.status != http.StatusBadRequest {
		t.Errorf("a made-up place: %d", got.status)
	}
}

// Ensure a page ends by what was looked at where hardly anything fits, and leads on from there.
func TestRareRows(t *testing.T) {
	s := newSite(t, 6001, true).as("support")
	got := s.get("/tokens?state=unknown")
	if !strings.Contains(got.body, "None of the 5000 tokens that were looked at fits") || !strings.Contains(got.body, "Look further") {
		t.Errorf("%s", got.body)
	}
	if rows, n := s.walk("/tokens?state=unknown"); rows != 0 || n != 2 {
		t.Errorf("%d rows on %d pages", rows, n)
	}
}

// Ensure a file has every row, and no cell that a spreadsheet would reckon with.
func TestFiles(t *testing.T) {
	s := newSite(t, 40, true).as("support")
	for _, path := range []string{"/tokens.csv", "/keys.csv"} {
		got := s.get(path)
		rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
		if err != nil || len(rows) != 41 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/csv") || !strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d rows, %v, %v", path, len(rows), err, got.header)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("%s: the cell %q", path, cell)
				}
			}
		}
	}
}

var number = regexp.MustCompile(`It changes (\d+) of`)

// Ensure an order is given in three steps: what it would do is shown, its number is typed, and it
// goes to authapi in the person's name. What nobody has seen is not done.
func TestOrders(t *testing.T) {
	s := newSite(t, 12, true).as("operator")
	user := strings.TrimPrefix(strings.Replace(somebody, "000009", "000008", 1), "/users/demo/")
	form := url.Values{"user": {user}, "what": {"both"}, "reason": {"laptop stolen"}}
	got := s.send(http.MethodPost, "/orders/preview", form)
	m := number.FindStringSubmatch(got.body)
	if got.status != http.StatusOK || m == nil || m[1] != "2" || !strings.Contains(got.body, "laptop stolen") {
		t.Fatalf("the preview: %d %v", got.status, m)
	}
	form.Set("shown", "2")
	form.Set("number", "3")
	if got := s.send(http.MethodPost, "/orders", form); !strings.Contains(got.body, "not the number") {
		t.Errorf("another number: %d", got.status)
	}
	form.Set("shown", "1")
	form.Set("number", "1")
	if got := s.send(http.MethodPost, "/orders", form); !strings.Contains(got.body, "has changed meanwhile") {
		t.Errorf("something has changed: %d", got.status)
	}
	if given := s.API.Given(); len(given) > 0 {
		t.Fatalf("given: %v", given)
	}
	form.Set("shown", "2")
	form.Set("number", " 2 ")
	if got := s.send(http.MethodPost, "/orders", form); got.status != http.StatusOK || !strings.Contains(got.body, "order-id") {
		t.Errorf("given: %d %s", got.status, got.body)
	}
	if given := s.API.Given(); len(given) != 1 || given[0] != "ann <admin> both "+user {
		t.Errorf("given: %q", given)
	}
	for name, wrong := range map[string]url.Values{
		"no user": {"what": {"both"}, "reason": {"x"}}, "no reason": {"user": {user}, "what": {"both"}}, "another act": {"user": {user}, "what": {"drop"}, "reason": {"x"}},
		"a long reason": {"user": {user}, "what": {"both"}, "reason": {strings.Repeat("x", 256)}},
	} {
		if got := s.send(http.MethodPost, "/orders/preview", wrong); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	form.Set("reason", "refuse this")
	if got := s.send(http.MethodPost, "/orders", form); got.status != http.StatusConflict || !strings.Contains(got.body, "out of bounds") {
		t.Errorf("refused: %d", got.status)
	}
	s.API.Away.Store(true)
	form.Set("reason", "x")
	if got := s.send(http.MethodPost, "/orders", form); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "is not known") {
		t.Errorf("authapi is away: %d", got.status)
	}
}

// Ensure nobody but an operator can give an order, whatever they send.
func TestOrdersByRole(t *testing.T) {
	for _, role := range []string{"viewer", "support"} {
		s := newSite(t, 12, true).as(role)
		form := url.Values{"user": {consoletest.Users(9)[8]}, "what": {"both"}, "reason": {"x"}, "shown": {"2"}, "number": {"2"}}
		for _, path := range []string{"/orders", "/orders/preview"} {
			if got := s.send(http.MethodPost, path, form); got.status != http.StatusForbidden {
				t.Errorf("%s on %s: %d", role, path, got.status)
			}
		}
		if given := s.API.Given(); len(given) > 0 || strings.Contains(s.get("/orders").body, "A new order") {
			t.Errorf("%s: %v", role, given)
		}
	}
}

// Ensure an order whose session ended while somebody typed is not given, and says so.
func TestSessionEndsWhileTyping(t *testing.T) {
	s := newSite(t, 12, true).as("operator")
	s.OIDC.Disable()
	s.Pass(10e9)
	got := s.send(http.MethodPost, "/orders", url.Values{"user": {"u"}, "what": {"both"}, "reason": {"x"}, "shown": {"0"}, "number": {"0"}})
	if got.status != http.StatusUnauthorized || !strings.Contains(got.body, "nothing was done") || len(s.API.Given()) > 0 {
		t.Errorf("%d", got.status)
	}
}
