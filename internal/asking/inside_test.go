package asking

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// jar is a Keycloak whose jar answers looks with what a test says; its admin API counts.
type jar struct {
	look    func(asked map[string]any) (status int, body string)
	outside int
	asked   []map[string]any
}

func (j *jar) asker(t *testing.T) Asker {
	t.Helper()
	s := httptest.NewServer(j)
	t.Cleanup(s.Close)
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: s.URL, ClientID: "worker", ClientSecret: secret.New("x"), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return Asker{Admin: admin, Inside: &Inside{admin.Resource()}}
}

func (j *jar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := 200
	var body string
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/token"):
		body = `{"access_token":"x.` + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, time.Now().Unix())) + `.x","expires_in":60}`
	case strings.HasSuffix(path, "/tokenstate/v1/about"):
		body = `{"version":"1","api":1,"node":"kc1","at":1}`
	case strings.HasSuffix(path, "/tokenstate/v1/look"):
		var asked map[string]any
		_ = json.NewDecoder(r.Body).Decode(&asked)
		j.asked = append(j.asked, asked)
		status, body = j.look(asked)
	default:
		j.outside++
		if body = `{"id":"u1","enabled":true,"realm":"demo"}`; strings.HasSuffix(path, "/composite") {
			body = `[]`
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func parts(all ...string) string {
	return `{"at":1795000100123,"node":"kc1","parts":[` + strings.Join(all, ",") + `]}`
}

var aUser = tokenstate.Scope{Realm: "demo", User: "u1"}

// Ensure that a look is of the node that answered, at its time, and touches no admin API.
func TestLooksThroughTheResource(t *testing.T) {
	j := &jar{look: func(map[string]any) (int, string) {
		return 200, parts(`{"realm":{"enabled":true},"user":{"user":"u1","enabled":true,"offline_access":true},"rosters":[{"user":"u1","complete":true,"sessions":[]}]}`)
	}}
	ms, err := j.asker(t).Look(t.Context(), aUser, []tokenstate.Token{{Client: "c1", Session: "s1"}})
	if err != nil || len(ms) != 1 || j.outside != 0 || len(j.asked) != 1 {
		t.Fatalf("%+v %v, %d calls outside, asked %v", ms, err, j.outside, j.asked)
	}
	m := ms[0]
	o, _ := m.Body.(*events.Observation)
	if m.Node != "kc1" || m.At != 1795000100123 || m.Source != events.Look || m.Realm != "demo" || o.User == nil || !o.Rosters[0].Complete {
		t.Fatalf("%+v", m)
	}
	if _, err := events.Encode(m); err != nil {
		t.Fatal(err)
	}
}

// Ensure that the sessions of tokens which no roster covers are asked for by name, each once and in
// as many looks as it takes, and that each token is then settled.
func TestSessionsThatNoRosterCoversAreNamed(t *testing.T) {
	whole, tokens := manySessions(2500)
	lives := map[string]bool{}
	for _, s := range whole.Sessions {
		lives[s.Session] = true
	}
	j := &jar{look: func(asked map[string]any) (int, string) {
		sessions, _ := asked["sessions"].([]any)
		if sessions == nil {
			return 200, parts(fmt.Sprintf(`{"user":{"user":%q,"enabled":true,"offline_access":true}}`, whole.User))
		}
		var os []string
		for _, s := range sessions {
			session, _ := s.(string)
			list := ""
			if lives[session] {
				list = fmt.Sprintf(`{"session":%q,"client":%q,"start":1795000000}`, session, whole.Client)
			}
			os = append(os, fmt.Sprintf(`{"rosters":[{"session":%q,"complete":true,"sessions":[%s]}]}`, session, list))
		}
		return 200, parts(os...)
	}}
	ms, err := j.asker(t).Look(t.Context(), tokenstate.Scope{Realm: "demo", User: whole.User}, append(tokens, tokens...))
	if err != nil {
		t.Fatal(err)
	}
	if len(j.asked) != 1+3 || len(ms) != 1+2500 {
		t.Fatalf("%d looks, %d messages", len(j.asked), len(ms))
	}
	f := tokenstate.NewFacts()
	for _, m := range ms {
		f.Add(tokenstate.Learn(m))
	}
	for i, tok := range tokens {
		if v := tokenstate.Judge(tok, f, tokenstate.DefaultRules()); (v.State == tokenstate.Usable) != (i%2 == 0) {
			t.Fatalf("token %d: %+v", i, v)
		}
	}
}

// Ensure the sessions of a user whom Keycloak does not have are asked for by their ids, although it says that there are
// none of that user: the tokens stayed in doubt for ever.
func TestSessionsOfAUserWhoIsGoneAreNamed(t *testing.T) {
	j := &jar{look: func(asked map[string]any) (int, string) {
		if asked["sessions"] == nil {
			return 200, parts(`{"user":{"user":"u1","gone":true},"rosters":[{"user":"u1","complete":true,"sessions":[]}]}`)
		}
		return 200, parts(`{"rosters":[{"session":"s1","complete":true,"sessions":[]}]}`)
	}}
	tok := tokenstate.Token{Realm: "demo", User: "u1", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: 1_600_000_000}
	ms, err := j.asker(t).Look(t.Context(), aUser, []tokenstate.Token{tok})
	if err != nil {
		t.Fatal(err)
	}
	f := tokenstate.NewFacts()
	for _, m := range ms {
		f.Add(tokenstate.Learn(m))
	}
	if v := tokenstate.Judge(tok, f, tokenstate.DefaultRules()); v.State != tokenstate.Revoked || v.InDoubt {
		t.Fatalf("%+v", v)
	}
}

// Ensure that an answer about somebody else, or one that is not whole, is a fault that leaves nothing.
func TestLooksAtSomebodyElse(t *testing.T) {
	named := func(first string) func(map[string]any) (int, string) {
		return func(asked map[string]any) (int, string) {
			if asked["sessions"] == nil {
				return 200, parts(`{"user":{"user":"u1","enabled":true}}`)
			}
			return 200, parts(first)
		}
	}
	always := func(all ...string) func(map[string]any) (int, string) {
		return func(map[string]any) (int, string) { return 200, parts(all...) }
	}
	a := tokenstate.Scope{Realm: "demo", Client: "c1"}
	for name, c := range map[string]struct {
		scope tokenstate.Scope
		look  func(map[string]any) (int, string)
	}{
		"another spelling":            {aUser, always(`{"user":{"user":"U1","enabled":true}}`)},
		"no user":                     {aUser, always(`{"realm":{"enabled":true}}`)},
		"another user's roster":       {aUser, always(`{"user":{"user":"u1"}}`, `{"rosters":[{"user":"u2","complete":true,"sessions":[]}]}`)},
		"a client's roster":           {aUser, always(`{"user":{"user":"u1"}}`, `{"rosters":[{"client":"c1","complete":true,"sessions":[]}]}`)},
		"another client":              {a, always(`{"clients":[{"client":"c2","enabled":true}]}`)},
		"a user instead of a client":  {a, always(`{"clients":[{"client":"c1","enabled":true}],"user":{"user":"u1"}}`)},
		"no realm":                    {tokenstate.Scope{Realm: "demo"}, always(`{"clients":[{"client":"c1","enabled":true}]}`)},
		"a look with causes":          {aUser, always(`{"user":{"user":"u1"},"causes":[{"event":"12345678","type":"LOGOUT","at":1}]}`)},
		"a part that no message is":   {aUser, always(`{"user":{"user":"u1"}}`, `{"rosters":[{"complete":true,"sessions":[]}]}`)},
		"members twice":               {aUser, always(`{"user":{"user":"u1","enabled":true},"user":{"user":"u1","enabled":false}}`)},
		"another session than named":  {aUser, named(`{"rosters":[{"session":"s2","complete":true,"sessions":[]}]}`)},
		"a user instead of a session": {aUser, named(`{"user":{"user":"u1","gone":true}}`)},
		"the database is away":        {aUser, func(map[string]any) (int, string) { return 503, `{"error":"database","message":"wait"}` }},
	} {
		j := &jar{look: c.look}
		ms, err := j.asker(t).Look(t.Context(), c.scope, []tokenstate.Token{{Client: "c1", Session: "s1"}})
		if err == nil || len(ms) > 0 || j.outside > 0 || errors.Is(err, worker.ErrAway) {
			t.Errorf("%s: %d messages, %v, %d calls outside", name, len(ms), err, j.outside)
		}
	}
}

// Ensure that where there is no resource the admin API is asked for that look, and the next one asks
// the resource again: another node may have it.
func TestLooksOutsideWhereThereIsNoResource(t *testing.T) {
	there := false
	j := &jar{look: func(map[string]any) (int, string) {
		if there {
			return 200, parts(`{"user":{"user":"u1","enabled":true,"offline_access":true},"rosters":[{"user":"u1","complete":true,"sessions":[]}]}`)
		}
		return 404, `{"error":"not found"}`
	}}
	a := j.asker(t)
	ms, err := a.Look(t.Context(), aUser, nil)
	if err != nil || len(ms) != 1 || ms[0].Node != "" || j.outside == 0 {
		t.Fatalf("%+v %v", ms, err)
	}
	there = true
	if ms, err = a.Look(t.Context(), aUser, nil); err != nil || len(ms) != 1 || ms[0].Node != "kc1" {
		t.Fatalf("%+v %v", ms, err)
	}
}

// Ensure that the end of a realm is what the admin API says, with its second question.
func TestARealmThatIsGoneIsAskedForOutside(t *testing.T) {
	j := &jar{look: func(map[string]any) (int, string) { return 200, parts(`{"realm":{"gone":true}}`) }}
	for _, s := range []tokenstate.Scope{aUser, {Realm: "demo"}} {
		ms, err := j.asker(t).Look(t.Context(), s, nil)
		if err != nil || len(ms) != 1 || ms[0].Node != "" {
			t.Errorf("%+v: %+v %v", s, ms, err)
		}
	}
}

func TestNamedClientThroughTheResource(t *testing.T) {
	j := &jar{look: func(asked map[string]any) (int, string) {
		if asked["client_id"] == "app" {
			return 200, parts(`{"clients":[{"client":"c1","client_id":"app","enabled":true}]}`)
		}
		return 200, parts(`{"realm":{"enabled":true}}`)
	}}
	a := j.asker(t)
	m, id, err := a.LookNamed(t.Context(), "demo", "app")
	if err != nil || id != "c1" || m.Node != "kc1" {
		t.Errorf("%+v %q %v", m, id, err)
	}
	if _, id, err = a.LookNamed(t.Context(), "demo", "nobody"); err != nil || id != "" || j.outside > 0 {
		t.Errorf("%q %v, %d calls outside", id, err, j.outside)
	}
}

func TestKeyFaults(t *testing.T) {
	if err := keyFault(keycloak.ErrNotReader); !errors.Is(err, worker.ErrNoKeys) {
		t.Error(err)
	}
	if err := keyFault(keycloak.ErrNotFound); !errors.Is(err, worker.ErrNoSuch) || errors.Is(err, worker.ErrNoKeys) {
		t.Error(err)
	}
	if err := keyFault(&keycloak.UnavailableError{Status: 503}); !errors.Is(err, worker.ErrAway) || errors.Is(err, worker.ErrNoKeys) {
		t.Error(err)
	}
}
