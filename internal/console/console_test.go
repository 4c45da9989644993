package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/console/consoletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a console that a browser without script looks at.
type site struct {
	*consoletest.World
	t       *testing.T
	url     string
	browser *http.Client
	pace    rate.Limit
	one     bool
}

func newSite(t *testing.T, users int, withLogin bool) *site {
	t.Helper()
	return (&site{t: t}).open(users, withLogin)
}

func (s *site) open(users int, withLogin bool) *site {
	t := s.t
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(w, r) }))
	s.url = "http://" + server.Listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	w, err := consoletest.New(ctx, consoletest.Options{Users: users, URL: s.url, Login: withLogin, Pace: s.pace, One: s.one})
	must(t, err)
	s.World = w
	server.Start()
	t.Cleanup(func() { cancel(); server.Close(); s.browser.CloseIdleConnections() })
	jar, err := cookiejar.New(nil)
	must(t, err)
	s.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type seen struct {
	status int
	header http.Header
	body   string
}

func (s *site) send(method, path string, form url.Values, headers ...string) seen {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	must(s.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.browser.Do(r)
	must(s.t, err)
	defer func() { _ = res.Body.Close() }()
	all, err := io.ReadAll(res.Body)
	must(s.t, err)
	return seen{res.StatusCode, res.Header, string(all)}
}

func (s *site) get(path string) seen { s.t.Helper(); return s.send(http.MethodGet, path, nil) }

// as logs somebody in who has that role.
func (s *site) as(role string) *site {
	s.t.Helper()
	if got := s.send(http.MethodPost, "/login/oidc", url.Values{"next": {"/why"}}); got.status != http.StatusSeeOther {
		s.t.Fatalf("the login does not begin: %d", got.status)
	}
	s.get("/login/callback?state=S&code=" + role)
	return s
}

const somebody = "/users/demo/5f0c8a4e-0000-4000-8000-000000000009"

// pages has each page, and the least role that sees it.
var pages = map[string]string{
	"/": "viewer", "/why": "support", somebody: "support", "/tokens": "viewer", "/tokens.csv": "support", "/keys": "support", "/keys.csv": "support",
	"/orders": "viewer", "/parked": "viewer", "/log": "viewer", "/audit": "viewer", "/setup": "viewer", "/plots": "viewer", "/plots.json": "viewer",
	"/orders/pardon?realm=demo&user=u&cause=c": "operator",
}

var grown = map[string]int{"nobody": 0, "viewer": 1, "support": 2, "operator": 3}

// Ensure each page opens to the roles that may see it and to no others, and leads who is not logged in
// to the login.
func TestPagesByRole(t *testing.T) {
	for role, is := range grown {
		s := newSite(t, 12, true)
		if role != "nobody" {
			s.as(role)
		}
		for path, least := range pages {
			want := http.StatusOK
			switch {
			case is == 0:
				want = http.StatusSeeOther
			case is < grown[least]:
				want = http.StatusForbidden
			}
			got := s.get(path)
			if got.status != want {
				t.Errorf("%s on %s: %d, want %d", role, path, got.status, want)
			}
			if is == 0 && got.header.Get("Location") != "/login?next="+url.QueryEscape(path) {
				t.Errorf("nobody on %s goes to %q", path, got.header.Get("Location"))
			}
		}
	}
}

// Ensure whoever has a role for a realm sees that realm's users and keys alone, and gives orders about them alone.
func TestRolesOfOneRealm(t *testing.T) {
	there := newSite(t, 12, true).as("operator+realm:demo")
	for path := range pages {
		want := http.StatusOK
		if path == "/parked" {
			want = http.StatusForbidden // of whichever realm
		}
		if got := there.get(path); got.status != want && !strings.Contains(path, "cause=c") {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	s := newSite(t, 12, true).as("operator+realm:elsewhere+realm:other")
	id := strings.TrimPrefix(somebody, "/users/demo/")
	for _, path := range []string{somebody, "/orders/pardon?realm=demo&user=u&cause=c", "/parked"} {
		if got := s.get(path); got.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for _, path := range []string{"/", "/tokens", "/tokens?realm=demo", "/tokens.csv?realm=demo", "/keys?realm=demo", "/keys.csv", "/orders", "/audit", "/log", "/setup"} {
		if got := s.get(path); got.status != http.StatusOK || strings.Contains(got.body, id) || strings.Contains(got.body, ">demo<") || strings.Contains(got.body, "demo,") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	whole, _ := consoletest.Key()
	for _, asked := range []string{id, "session-000009", "K000000009", "request-1", "an-event", whole} {
		if got := s.send(http.MethodPost, "/why", url.Values{"q": {asked}}); got.status != http.StatusOK || strings.Contains(got.body, "/users/demo") {
			t.Errorf("%s: %d %s", asked, got.status, got.body)
		}
	}
	if got := s.send(http.MethodPost, "/why", url.Values{"q": {"ann@example.org"}}); got.status != http.StatusForbidden {
		t.Errorf("an address: %d", got.status)
	}
	order := url.Values{"user": {id}, "what": {"both"}, "reason": {"x"}, "shown": {"2"}, "number": {"2"}}
	for _, path := range []string{"/orders/preview", "/orders"} {
		if got := s.send(http.MethodPost, path, order); got.status != http.StatusForbidden || len(s.API.Given()) > 0 {
			t.Errorf("an order: %d, given %v", got.status, s.API.Given())
		}
	}
}

// Ensure a page may load nothing but what this server has, nobody frames or keeps it, and what other
// sites or names send is refused.
func TestHeadersAndOtherSites(t *testing.T) {
	s := newSite(t, 3, true).as("operator")
	h := s.get("/").header
	csp := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self' https://id.example"} {
		if !strings.Contains(csp, part) {
			t.Errorf("the policy %q lacks %q", csp, part)
		}
	}
	if strings.Contains(csp, "unsafe") || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers: %v", h)
	}
	form := url.Values{"q": {"x"}}
	for name, headers := range map[string][]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "another origin": {"Origin", "https://evil.example"},
	} {
		if got := s.send(http.MethodPost, "/why", form, headers...); got.status != http.StatusForbidden {
			t.Errorf("a form of %s: %d", name, got.status)
		}
	}
	if got := s.send(http.MethodGet, "/", nil, "Host", "evil.example"); got.status != http.StatusMisdirectedRequest {
		t.Errorf("by another name: %d", got.status)
	}
	if got := s.get("/assets/console.css"); got.status != http.StatusOK || got.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the stylesheet: %d %v", got.status, got.header)
	}
	for _, path := range []string{"/assets/../console.go", "/assets/licences", "/assets/", "/nothing"} {
		if got := s.get(path); got.status == http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// Ensure a whole key that is pasted goes nowhere: the answer has its id, and neither an address nor the
// log nor a page has the key. In an address it is refused.
func TestPastedKeyGoesNowhere(t *testing.T) {
	s := newSite(t, 3, true).as("support")
	whole, id := consoletest.Key()
	for _, text := range []string{whole, "Authorization: Bearer " + whole, whole[:len(whole)-1], "eyJhbGciOi.eyJzdWIiOi.x"} {
		got := s.send(http.MethodPost, "/why", url.Values{"q": {text}})
		if got.status != http.StatusOK || strings.Contains(got.body, whole[:20]) && text != whole || strings.Contains(got.body, text) {
			t.Errorf("%q: %d %s", text, got.status, got.body)
		}
	}
	if got := s.send(http.MethodPost, "/why", url.Values{"q": {whole}}); !strings.Contains(got.body, "<code>"+id+"</code>") {
		t.Errorf("the id is not told: %s", got.body)
	}
	for _, path := range []string{"/users/demo/" + whole, "/?q=" + whole, "/login?next=/users/demo/" + whole} {
		if got := s.get(path); got.status != http.StatusBadRequest || strings.Contains(got.body, whole) {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if strings.Contains(s.Log.String(), whole[10:30]) {
		t.Errorf("the log has it: %s", s.Log)
	}
}

// Ensure the box finds what support has in hand.
func TestWhyFinds(t *testing.T) {
	s := newSite(t, 12, true).as("support")
	for asked, want := range map[string]string{
		"session-000009": somebody, strings.TrimPrefix(somebody, "/users/demo/"): somebody, "K000000009": somebody + "#key-K000000009", "an-event": "/users/demo/an-event",
	} {
		if got := s.send(http.MethodPost, "/why", url.Values{"q": {" " + asked + " "}}); got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("%s: %d %s", asked, got.status, got.header.Get("Location"))
		}
	}
	if got := s.send(http.MethodPost, "/why", url.Values{"q": {"request-1"}}); !strings.Contains(got.body, "user_disabled") || !strings.Contains(got.body, "order-000001") {
		t.Errorf("a request's id: %s", got.body)
	}
	for asked, want := range map[string]string{"nobody": "Nothing of that id is known", strings.Repeat("x", 300): "longer than any id", "": "/why"} {
		got := s.send(http.MethodPost, "/why", url.Values{"q": {asked}})
		if !strings.Contains(got.body+got.header.Get("Location"), want) {
			t.Errorf("%q: %s", asked, got.body)
		}
	}
}

// Ensure an e-mail address leads to whose it is, and stands in no address, page or log.
func TestWhyByEmail(t *testing.T) {
	s := newSite(t, 12, true).as("support")
	ask := func(address string) seen { return s.send(http.MethodPost, "/why", url.Values{"q": {address}}) }
	last := "/users/demo/" + consoletest.Users(12)[11]
	if got := ask("ann@example.org"); got.status != http.StatusSeeOther || got.header.Get("Location") != last {
		t.Errorf("one user's: %d %s", got.status, got.header.Get("Location"))
	}
	for address, want := range map[string]string{
		"both@example.org": last, "nobody@example.org": "No user of the realm demo", "ldap@example.org": "the realm has a user store",
	} {
		if got := ask(address); got.status != http.StatusOK || !strings.Contains(got.body, want) || strings.Contains(got.body, address) {
			t.Errorf("%s: %d %s", address, got.status, got.body)
		}
	}
	s.API.Away.Store(true)
	if got := ask("ann@example.org"); !strings.Contains(got.body, "does not answer now") {
		t.Errorf("authapi away: %s", got.body)
	}
	if strings.Contains(s.Log.String(), "example.org") {
		t.Errorf("the log has it: %s", s.Log)
	}
}

// Ensure no id of a user becomes markup, and every one of them has a page.
func TestHostileNames(t *testing.T) {
	s := newSite(t, 12, true).as("operator")
	for _, user := range consoletest.Users(7) {
		got := s.get("/users/demo/" + url.PathEscape(user))
		if user != ".." && got.status != http.StatusOK {
			t.Errorf("%q: %d", user, got.status)
		}
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img src=x") || strings.Contains(got.body, "<b>") {
			t.Errorf("%q is markup", user)
		}
	}
	if got := s.get("/users/demo/" + strings.Repeat("w", 256)); got.status != http.StatusBadRequest {
		t.Errorf("256 bytes: %d", got.status)
	}
}

// Ensure a login ends: by the person, by Keycloak within seconds, after half an hour without use, and
// after five minutes in which Keycloak could not be asked, which the pages say.
func TestLoginEnds(t *testing.T) {
	in := func(s *site) bool { return s.get("/").status == http.StatusOK }
	t.Run("log out", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		if !in(s) || s.send(http.MethodPost, "/logout", url.Values{}).status != http.StatusSeeOther || in(s) {
			t.Error("in after the logout")
		}
	})
	t.Run("log out, at Keycloak as well", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		if got := s.send(http.MethodPost, "/logout", url.Values{}); got.header.Get("Location") != "/login" || s.OIDC.Left() != 1 {
			t.Errorf("%v, %d logins ended", got.header, s.OIDC.Left())
		}
	})
	t.Run("log out while Keycloak is away", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		s.OIDC.GoAway(true)
		got := s.send(http.MethodPost, "/logout", url.Values{})
		if in(s) || !strings.Contains(got.body, "your login there may still hold") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("by Keycloak's logout token", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		send := func(token string) int {
			return s.send(http.MethodPost, "/logout/backchannel", url.Values{"logout_token": {token}}).status
		}
		if send("forged") != http.StatusBadRequest || send("ends another") != http.StatusOK || !in(s) {
			t.Error("out by another's token")
		}
		if send("ends sid") != http.StatusOK || in(s) {
			t.Error("in after the token")
		}
		s.as("viewer")
		if s.OIDC.GoAway(true); send("ends sid") != http.StatusServiceUnavailable || send("ends ") != http.StatusServiceUnavailable {
			t.Error("taken without the issuer's keys")
		}
		if s.OIDC.GoAway(false); send("ends ") != http.StatusOK || in(s) { // all of the subject's
			t.Error("in after a token of the subject")
		}
	})
	t.Run("disabled in Keycloak", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		s.OIDC.Disable()
		if s.Pass(5 * time.Second); in(s) {
			t.Error("in five seconds later")
		}
	})
	t.Run("idle", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		for range 4 { // what renews itself is no use
			s.Pass(10 * time.Minute)
			s.send(http.MethodGet, "/", nil, "HX-Trigger", "live")
		}
		if in(s) {
			t.Error("in after 40 minutes that nobody looked")
		}
	})
	t.Run("Keycloak is away", func(t *testing.T) {
		s := newSite(t, 3, true).as("viewer")
		s.OIDC.GoAway(true)
		s.Pass(time.Minute)
		if got := s.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "cannot be asked just now") {
			t.Errorf("a minute later: %d", got.status)
		}
		if s.Pass(5 * time.Minute); in(s) {
			t.Error("in although nobody vouches")
		}
	})
	t.Run("a credential instead", func(t *testing.T) {
		s := newSite(t, 3, true)
		for range 2 {
			if got := s.send(http.MethodPost, "/login/credential", url.Values{"credential": {"bad"}}); got.status != http.StatusForbidden {
				t.Errorf("a bad one: %d", got.status)
			}
		}
		s.send(http.MethodPost, "/login/credential", url.Values{"credential": {"good"}})
		if got := s.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "in by a service credential") {
			t.Errorf("%d", got.status)
		}
		var last seen
		for range 5 {
			last = s.send(http.MethodPost, "/login/credential", url.Values{"credential": {"bad"}})
		}
		if last.status != http.StatusTooManyRequests {
			t.Errorf("after many attempts: %d", last.status)
		}
	})
	t.Run("no role", func(t *testing.T) {
		s := newSite(t, 3, true).as("gardener")
		if in(s) {
			t.Error("in without a role")
		}
	})
	t.Run("another state", func(t *testing.T) {
		s := newSite(t, 3, true)
		s.send(http.MethodPost, "/login/oidc", url.Values{})
		if s.get("/login/callback?state=other&code=operator"); in(s) {
			t.Error("in by another's login")
		}
	})
}

// Ensure what is away is said on the page, and the rest of it is shown.
func TestNeighboursAway(t *testing.T) {
	s := newSite(t, 12, true).as("operator")
	s.get("/")
	s.Rows.Away.Store(true)
	s.API.Away.Store(true)
	s.Pass(2 * time.Second)
	if got := s.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "The database does not answer") {
		t.Errorf("first page: %d", got.status)
	}
	got := s.get(somebody)
	if got.status != http.StatusOK || !strings.Contains(got.body, "keys are not known now") || !strings.Contains(got.body, "authapi does not answer") || !strings.Contains(got.body, "left the company") && !strings.Contains(got.body, "user_disabled") {
		t.Errorf("a user's page: %d %s", got.status, got.body)
	}
	if got := s.send(http.MethodPost, "/why", url.Values{"q": {"x"}}); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "cannot be read now") {
		t.Errorf("the box: %d", got.status)
	}
}

// Ensure a world that nothing has happened in says so, and what to do.
func TestNothingYet(t *testing.T) {
	s := newSite(t, 0, false)
	got := s.get("/")
	for _, part := range []string{"No node of Keycloak was heard yet", "No offline token is kept", "no worker has caught up"} {
		if !strings.Contains(got.body, part) {
			t.Errorf("the page lacks %q: %s", part, got.body)
		}
	}
	if got := s.get("/users/demo/nobody"); got.status != http.StatusNotFound || !strings.Contains(got.body, "Nobody of that id is known") {
		t.Errorf("nobody's page: %d", got.status)
	}
}

// Ensure whoever asks for pages faster than people do waits, and then is told to come back, so that the
// console takes no processor from decisions beside it. What a page loads is not counted.
func TestPace(t *testing.T) {
	s := (&site{t: t, pace: 1e-9}).open(3, false)
	for i := range 100 {
		if got := s.get("/why"); got.status != http.StatusOK {
			t.Fatalf("page %d: %d", i, got.status)
		}
	}
	got := s.get("/why")
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, "Too many pages") {
		t.Errorf("one more: %d", got.status)
	}
	if got := s.get("/assets/console.css"); got.status != http.StatusOK {
		t.Errorf("the stylesheet: %d", got.status)
	}
}

// Ensure a user of very many sessions and keys has a page that says what it leaves out, and an order
// that says that it reaches all.
func TestVeryManySessions(t *testing.T) {
	s := (&site{t: t, one: true}).open(1500, false)
	user := consoletest.Users(1)[0]
	got := s.get("/users/demo/" + url.PathEscape(user))
	if got.status != http.StatusOK || !strings.Contains(got.body, "And 500 more, which are not listed") || !strings.Contains(got.body, "all keys of the user") {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
	got = s.send(http.MethodPost, "/orders/preview", url.Values{"user": {user}, "what": {"both"}, "reason": {"x"}})
	if !strings.Contains(got.body, "reaches all of them") {
		t.Errorf("the preview: %d", got.status)
	}
}
