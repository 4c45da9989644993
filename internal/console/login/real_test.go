package login_test

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/login"
	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Keycloak's setup keeps its connection for the next question.
func TestMain(m *testing.M) {
	testenv.Main(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const back = "http://127.0.0.1:1/login/callback"

// taker is a console as Keycloak knows it: it takes logout tokens, and nothing else.
func taker(t *testing.T, o *login.OIDC) (url string, ended <-chan [2]string) {
	t.Helper()
	all := make(chan [2]string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		subject, session, err := o.LoggedOut(r.Context(), r.PostFormValue("logout_token"))
		if err != nil {
			t.Errorf("Keycloak's logout token: %v", err)
		}
		all <- [2]string{subject, session}
	}))
	t.Cleanup(s.Close)
	return s.URL, all
}

// Ensure an administrator of a real Keycloak comes in with the roles of the client that setup makes, a
// second setup changes nothing, a role that is taken away counts at the next question, and whoever is
// disabled is out at the next question. A logout ends the login at Keycloak, which tells the console by a logout token.
func TestLoginAtKeycloak(t *testing.T) {
	kc := testenv.NewKeycloak(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	id, text := "console-"+kc.Realm, secret.New("console-secret")
	s, err := keycloak.NewSetup(t.Context(), kc.URL, os.Getenv("KEYCLOAK_ADMIN"), secret.New(os.Getenv("KEYCLOAK_ADMIN_PASSWORD")))
	must(t, err)
	o := &login.OIDC{Issuer: kc.URL + "/realms/master", ClientID: id, Secret: text, Redirect: back}
	at, ended := taker(t, o)
	made, err := s.Console(t.Context(), id, text, "http://127.0.0.1:1")
	must(t, err)
	if got := strings.Join(made, ", "); got != "made, role viewer, role support, role operator" {
		t.Errorf("setup made %s", got)
	}
	if moved, err := s.Console(t.Context(), id, text, at); err != nil || strings.Join(moved, ", ") != "redirect URI, back-channel logout" {
		t.Errorf("a setup for another address: %v, %v", moved, err)
	}
	if again, err := s.Console(t.Context(), id, text, at); err != nil || len(again) > 0 {
		t.Errorf("a second setup: %v, %v", again, err)
	}
	a := newAdmin(t, kc, id)
	ann := a.user("ann-"+kc.Realm, "support")
	bob := a.user("bob-"+kc.Realm, "")

	v, who := a.comesIn(o, "ann-"+kc.Realm)
	if v.Role != console.Support || v.Name != "ann-"+kc.Realm || v.Subject != ann || v.Realm != "master" || !v.Person {
		t.Errorf("ann is %+v", v)
	}
	if v, _ := a.comesIn(o, "bob-"+kc.Realm); v.Role != console.Nobody || v.Subject != bob {
		t.Errorf("bob, who has no role, is %+v", v)
	}
	for range 2 {
		if v, err = who.Still(t.Context()); err != nil || v.Role != console.Support {
			t.Errorf("asked again, ann is %+v, %v", v, err)
		}
	}
	away, gone := a.comesIn(o, "ann-"+kc.Realm)
	must(t, gone.(console.Leaver).Leave(t.Context()))
	select {
	case got := <-ended:
		if got != [2]string{ann, away.Session} || away.Session == v.Session {
			t.Errorf("Keycloak says that %q is over, not %q of %s", got, away.Session, ann)
		}
	case <-time.After(time.Minute):
		t.Error("Keycloak sends no logout token")
	}
	if _, err := gone.Still(t.Context()); !errors.Is(err, console.ErrOut) {
		t.Errorf("logged out, ann is in: %v", err)
	}
	must(t, gone.(console.Leaver).Leave(t.Context())) // it is over already
	if _, _, err := o.LoggedOut(t.Context(), "a.b.c"); !errors.Is(err, console.ErrOut) {
		t.Errorf("a forged token: %v", err)
	}
	a.give(ann, "operator")
	if v, err = who.Still(t.Context()); err != nil || v.Role != console.Operator {
		t.Errorf("with another role ann is %+v, %v", v, err)
	}
	a.call(http.MethodPut, "/master/users/"+ann, map[string]any{"enabled": false}, nil)
	if v, err = who.Still(t.Context()); !errors.Is(err, console.ErrOut) {
		t.Errorf("disabled, ann is %+v, %v", v, err)
	}
	if _, _, err := o.Finish(t.Context(), console.Flow{}, "no-such-code"); !errors.Is(err, console.ErrOut) {
		t.Errorf("a made-up code: %v", err)
	}
}

// Ensure an issuer that does not answer is told from one that says no.
func TestIssuerAway(t *testing.T) {
	o := &login.OIDC{Issuer: "http://127.0.0.1:1/realms/master", ClientID: "c", Redirect: back}
	if _, _, err := o.Begin(t.Context()); err == nil || errors.Is(err, console.ErrOut) {
		t.Errorf("%v", err)
	}
}

// admin arranges people in the administrators' realm.
type admin struct {
	t      *testing.T
	kc     *testenv.Keycloak
	client string // its UUID
}

func newAdmin(t *testing.T, kc *testenv.Keycloak, clientID string) *admin {
	t.Helper()
	a := &admin{t: t, kc: kc}
	var found []struct{ ID string }
	a.call(http.MethodGet, "/master/clients?clientId="+clientID, nil, &found)
	if len(found) != 1 {
		t.Fatalf("%d clients are called %s", len(found), clientID)
	}
	a.client = found[0].ID
	t.Cleanup(func() { a.remove("/master/clients/" + a.client) })
	return a
}

func (a *admin) call(method, path string, body, out any) string {
	a.t.Helper()
	id, err := a.session().Call(context.WithoutCancel(a.t.Context()), method, path, body, out)
	must(a.t, err)
	return id
}

func (a *admin) session() *devstack.AdminSession {
	s, err := a.kc.Admin.Session(context.WithoutCancel(a.t.Context()))
	must(a.t, err)
	return s
}

func (a *admin) remove(path string) { a.call(http.MethodDelete, path, nil, nil) }

const password = "pass-word-1"

func (a *admin) user(name, role string) string {
	id := a.call(http.MethodPost, "/master/users", map[string]any{
		"username": name, "enabled": true, "email": name + "@example.com", "emailVerified": true, "firstName": "A", "lastName": "B",
		"credentials": []map[string]any{{"type": "password", "value": password}},
	}, nil)
	a.t.Cleanup(func() { a.remove("/master/users/" + id) })
	if role != "" {
		a.give(id, role)
	}
	return id
}

func (a *admin) give(user, role string) {
	var r map[string]any
	a.call(http.MethodGet, "/master/clients/"+a.client+"/roles/"+role, nil, &r)
	a.call(http.MethodPost, "/master/users/"+user+"/role-mappings/clients/"+a.client, []any{r}, nil)
}

var action = regexp.MustCompile(`<form[^>]*\saction="([^"]+)"`)

// comesIn logs a user in as a browser does.
func (a *admin) comesIn(o *login.OIDC, user string) (console.Visitor, console.Identity) {
	t := a.t
	t.Helper()
	address, flow, err := o.Begin(t.Context())
	must(t, err)
	jar, err := cookiejar.New(nil)
	must(t, err)
	c := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(address)
	must(t, err)
	page, err := io.ReadAll(res.Body)
	must(t, errors.Join(err, res.Body.Close()))
	form := action.FindSubmatch(page)
	if form == nil {
		t.Fatalf("no login form: %d %.300s", res.StatusCode, page)
	}
	res, err = c.PostForm(html.UnescapeString(string(form[1])), url.Values{"username": {user}, "password": {password}})
	must(t, err)
	must(t, res.Body.Close())
	to, err := res.Location()
	must(t, err)
	if !strings.HasPrefix(to.String(), back) || to.Query().Get("state") != flow.State {
		t.Fatalf("Keycloak leads back to %s", to)
	}
	v, id, err := o.Finish(t.Context(), flow, to.Query().Get("code"))
	must(t, err)
	return v, id
}
