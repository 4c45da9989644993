package keycloak_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

const resourcePath = "/realms/master/tokenstate/v1/"

const aboutBody = `{"version":"1.2.3","api":1,"node":"kc1","instance":"i","server":"26.7.3","at":1795000000000}`

// withResource is a Keycloak whose nodes offer the resource; what it is asked beside about, handle answers.
func withResource(t *testing.T, handle http.HandlerFunc) (*fake, *keycloak.Resource, *atomic.Int64) {
	t.Helper()
	var abouts atomic.Int64
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == resourcePath+"about" {
			abouts.Add(1)
			answer(w, 200, aboutBody)
			return
		}
		handle(w, r)
	})
	return f, f.admin(t).Resource(), &abouts
}

func TestResourceLooks(t *testing.T) {
	var asked string
	_, r, abouts := withResource(t, func(w http.ResponseWriter, req *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(req.Body).Decode(&body)
		asked = fmt.Sprint(req.Method, " ", req.URL.Path, " ", body)
		answer(w, 200, `{"at":1795000000123,"node":"kc1","parts":[{"realm":{"enabled":true}},{"rosters":[]}]}`)
	})
	for range 3 {
		got, err := r.Look(t.Context(), "demo", keycloak.Asked{User: "u1", Sessions: []string{"s1"}})
		if err != nil {
			t.Fatal(err)
		}
		if got.At.UnixMilli() != 1795000000123 || got.Node != "kc1" || len(got.Parts) != 2 || string(got.Parts[0]) != `{"realm":{"enabled":true}}` {
			t.Fatalf("%+v", got)
		}
	}
	if want := "POST " + resourcePath + "look map[realm:demo sessions:[s1] user:u1]"; asked != want {
		t.Errorf("asked %s, not %s", asked, want)
	}
	if abouts.Load() != 1 {
		t.Errorf("about was asked %d times in a minute", abouts.Load())
	}
}

func TestResourcePages(t *testing.T) {
	_, r, _ := withResource(t, func(w http.ResponseWriter, req *http.Request) {
		switch q := req.URL.Query(); {
		case strings.HasSuffix(req.URL.Path, "/users") && q.Get("after") == "u 1" && q.Get("limit") == "2" && q.Get("realm") == "demo":
			answer(w, 200, `{"at":5,"node":"kc2","users":[{"user":"u2","enabled":true,"offline_access":false,"not_before":7},{"user":"u3","enabled":false,"offline_access":true,"not_before":0,"store":"ldap"}],"next":"u3"}`)
		case strings.HasSuffix(req.URL.Path, "/sessions") && q.Get("client") == "c1" && !q.Has("after"):
			answer(w, 200, `{"at":5,"node":"kc2","sessions":[{"session":"s1","user":"u1","client":"c1","start":9,"ends":90,"life":70}],"next":null}`)
		default:
			t.Errorf("asked %s", req.URL)
			answer(w, 400, `{"error":"bad_request"}`)
		}
	})
	users, err := r.UsersAfter(t.Context(), "demo", "u 1", 2)
	if err != nil || users.Next != "u3" || users.Node != "kc2" || users.At.UnixMilli() != 5 ||
		users.Users[0] != (keycloak.LocalUser{ID: "u2", Enabled: true, NotBefore: 7}) || users.Users[1] != (keycloak.LocalUser{ID: "u3", OfflineAccess: true, Store: "ldap"}) {
		t.Errorf("%+v %v", users, err)
	}
	sessions, err := r.SessionsAfter(t.Context(), "demo", "c1", "", 1000)
	if err != nil || sessions.Next != "" || sessions.Sessions[0] != (keycloak.LiveSession{ID: "s1", UserID: "u1", Start: 9, Ends: 90, Life: 70}) {
		t.Errorf("%+v %v", sessions, err)
	}
}

// Ensure that what cannot be read is never an empty answer, and not "no resource" either.
func TestResourceRefusesWhatIsNotWhole(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"at":5,"node":"n"}`, `{"at":5,"node":"n","users":null,"sessions":null,"parts":[]}`,
		`{"node":"n","users":[],"sessions":[],"parts":[{}],"next":null}`,          // when?
		`{"at":5,"users":[],"sessions":[],"parts":[{}],"next":null}`,              // who?
		`{"at":"5","node":"n","users":[],"sessions":[],"parts":[{}]}`,             // a text for a time
		`{"at":999999999999999,"node":"n","users":[],"sessions":[],"parts":[{}]}`, // no time at all
		`{"at":5,"node":"n","users":[],"sessions":[],"parts":{},"next":"a"}`,      // the walk would not end
		`{"at":5,"node":"n","users":[{"user":"u"}],"sessions":[{"session":"s"}]}`, // a missing flag is not "off"
		`{"at":5,"node":"n","users":[{"user":"","enabled":true,"offline_access":true}],"sessions":[{"session":"","user":"u","client":"c1"}]}`,
		`{"at":5,"node":"n","users":[1],"sessions":[{"session":"s","user":"u","client":"another"}],"parts":7}`,
		`{"at":5,"node":"n","users":[{"user":"u","enabled":true,"offline_access":true},{"user":"v","enabled":true,"offline_access":true},{"user":"w","enabled":true,"offline_access":true}],
		  "sessions":[{"session":"s","user":"u","client":"c1"},{"session":"s","user":"u","client":"c1"},{"session":"s","user":"u","client":"c1"}]}`, // more than asked for
		`[]`, `{`, ``,
	} {
		f, r, _ := withResource(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, body) })
		_, err1 := r.Look(t.Context(), "demo", keycloak.Asked{User: "u"})
		_, err2 := r.UsersAfter(t.Context(), "demo", "a", 2)
		_, err3 := r.SessionsAfter(t.Context(), "demo", "c1", "a", 2)
		for i, err := range []error{err1, err2, err3} {
			if i == 0 && strings.Contains(body, `"parts":[{}]`) && strings.Contains(body, `"at":5`) && strings.Contains(body, `"node"`) {
				continue
			}
			if _, ok := errors.AsType[*keycloak.UnavailableError](err); !ok || keycloak.NotOffered(err) {
				t.Errorf("%d: %s: %v", i, body, err)
			}
		}
		f.Close()
	}
}

// Ensure that the admin API is asked where there is no resource for us, and that a fault is no such thing.
func TestResourceIsNotOffered(t *testing.T) {
	for _, c := range []struct {
		about, call    func(w http.ResponseWriter)
		none, noRights bool
	}{
		{about: json404, call: json404, none: true},
		{about: html404, call: json404, none: true}, // a proxy hides the path
		{about: func(w http.ResponseWriter) { html(w, 200) }, call: json404, none: true},
		{about: func(w http.ResponseWriter) { answer(w, 503, `{}`) }, call: json404, none: true}, // never seen
		{about: func(w http.ResponseWriter) { answer(w, 200, `{"version":"0"}`) }, call: json404, none: true},
		{about: func(w http.ResponseWriter) { answer(w, 403, `{"error":"role"}`) }, call: json404, noRights: true},
		{about: about200, call: json404, none: true}, // another node, without the jar
		{about: about200, call: func(w http.ResponseWriter) { answer(w, 403, `{"error":"role"}`) }, noRights: true},
		{about: about200, call: func(w http.ResponseWriter) { answer(w, 503, `{"error":"database"}`) }},
		{about: about200, call: func(w http.ResponseWriter) { answer(w, 400, `{"error":"bad_request"}`) }},
		{about: about200, call: func(w http.ResponseWriter) { html(w, 200) }},
	} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == resourcePath+"about" {
				c.about(w)
			} else {
				c.call(w)
			}
		})
		r := f.admin(t).Resource()
		_, err := r.Look(t.Context(), "demo", keycloak.Asked{})
		if err == nil || errors.Is(err, keycloak.ErrNoResource) != c.none || errors.Is(err, keycloak.ErrNotReader) != c.noRights {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Ensure that a 404 about a client or a realm is no word about the resource: the admin API, asked instead, would list
// sessions, and its listing waits for what no longer concerns anybody.
func TestResourceTellsWhatIsGone(t *testing.T) {
	for _, code := range []string{"client-gone", "realm-gone"} {
		abouts := 0
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == resourcePath+"about" {
				abouts++
				about200(w)
				return
			}
			answer(w, 404, `{"error":"`+code+`","message":"it is not there"}`)
		})
		r := f.admin(t).Resource()
		for range 2 {
			if _, err := r.SessionsAfter(t.Context(), "demo", "c1", "", 10); !errors.Is(err, keycloak.ErrNotFound) || keycloak.NotOffered(err) {
				t.Errorf("%s: %v", code, err)
			}
		}
		if err := r.Offered(t.Context()); err != nil || abouts != 1 {
			t.Errorf("%s: %v, asked %d times whether it is there", code, err, abouts)
		}
	}
}

// Ensure that a Keycloak which has offered the resource is not taken for one without it because it
// does not answer: the admin API, asked instead, would fill its caches.
func TestResourceOfferOutlivesAFault(t *testing.T) {
	var down atomic.Bool
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case down.Load():
			answer(w, 503, `{}`)
		case r.URL.Path == resourcePath+"about":
			answer(w, 200, aboutBody)
		default:
			answer(w, 200, `{"at":5,"node":"kc1","parts":[{}]}`)
		}
	})
	r := f.admin(t).Resource()
	if _, err := r.Look(t.Context(), "demo", keycloak.Asked{}); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	for range 5 {
		if _, err := r.Look(t.Context(), "demo", keycloak.Asked{}); err == nil || keycloak.NotOffered(err) {
			t.Fatalf("%v", err)
		}
	}
}

// Ensure that a user whose store is away keeps nobody else from being looked at: the resource's own
// 503 is no sign of a Keycloak in trouble, and another 503 is.
func TestResourceCannotReadOne(t *testing.T) {
	proxy := false
	_, r, _ := withResource(t, func(w http.ResponseWriter, req *http.Request) {
		var asked map[string]any
		_ = json.NewDecoder(req.Body).Decode(&asked)
		switch {
		case proxy:
			html(w, 503)
		case asked["user"] == "f:ldap:ann":
			answer(w, 503, `{"error":"unreadable","message":"a user store does not answer"}`)
		default:
			answer(w, 200, `{"at":5,"node":"kc1","parts":[{}]}`)
		}
	})
	for range 2 * 5 {
		if _, err := r.Look(t.Context(), "demo", keycloak.Asked{User: "f:ldap:ann"}); !errors.Is(err, keycloak.ErrUnreadable) || keycloak.NotOffered(err) {
			t.Fatal(err)
		}
	}
	if _, err := r.Look(t.Context(), "demo", keycloak.Asked{User: "bob"}); err != nil {
		t.Fatal(err)
	}
	proxy = true
	if _, err := r.Look(t.Context(), "demo", keycloak.Asked{User: "bob"}); err == nil || errors.Is(err, keycloak.ErrUnreadable) {
		t.Fatal(err)
	}
}

// Ensure that an answer beyond its bound is a fault.
func TestResourceIsBounded(t *testing.T) {
	f, _, _ := withResource(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"at":5,"node":"n","parts":[{}],"more":"`+strings.Repeat("x", 9<<20)+`"}`)
	})
	cfg := f.config()
	cfg.Timeout = time.Minute // a busy machine takes longer than a second for so much
	a, err := keycloak.NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Resource().Look(t.Context(), "demo", keycloak.Asked{}); !errors.Is(err, keycloak.ErrTooLarge) {
		t.Fatalf("%v", err)
	}
}

func TestResourceAsksByKeycloaksNames(t *testing.T) {
	var realm string
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == resourcePath+"about" {
			answer(w, 200, aboutBody)
			return
		}
		realm = r.URL.Query().Get("realm")
		answer(w, 200, `{"at":5,"node":"n","users":[],"next":null}`)
	})
	cfg := f.config()
	cfg.Names = map[string]string{"north": "North Star"}
	a, err := keycloak.NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Resource().UsersAfter(context.Background(), "north", "", 1000); err != nil || realm != "North Star" {
		t.Fatalf("%q %v", realm, err)
	}
}

func about200(w http.ResponseWriter) { answer(w, 200, aboutBody) }
func json404(w http.ResponseWriter) {
	answer(w, 404, `{"error":"Unable to find matching target resource method"}`)
}
func html404(w http.ResponseWriter) { html(w, 404) }
