package asking

import (
	"encoding/base64"
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
)

// outsideWorld is an admin API with two sessions of u1 with c1, one of which is older than the realm's
// maximum, so that Keycloak would end it at the next refresh.
func outsideWorld(t *testing.T) *keycloak.Admin {
	t.Helper()
	now := time.Now()
	session := func(id string, age time.Duration) string {
		return fmt.Sprintf(`{"id":%q,"userId":"u1","start":%d,"lastAccess":%d,"clients":{"c1":"app"}}`, id, now.Add(-age).UnixMilli(), now.UnixMilli())
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `{"realm":"demo","enabled":true,"offlineSessionIdleTimeout":2592000,"offlineSessionMaxLifespanEnabled":true,"offlineSessionMaxLifespan":3600}`
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/token"):
			body = `{"access_token":"x.` + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, now.Unix())) + `.x","expires_in":60}`
		case strings.Contains(path, "/offline-sessions"):
			body = `[` + session("young", time.Minute) + `,` + session("over", 2*time.Hour) + `]`
		case strings.HasSuffix(path, "/client-scopes"):
			body = `[]`
		case strings.HasSuffix(path, "/composite"):
			body = `[{"name":"offline_access"}]`
		case strings.Contains(path, "/users/sub-of-u1"):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			body = `{"error":"User not found"}`
		case strings.Contains(path, "/users/"):
			body = `{"id":"u1","enabled":true,"notBefore":0}`
		case strings.Contains(path, "/clients/"):
			body = `{"id":"c1","clientId":"app","enabled":true}`
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: s.URL, ClientID: "worker", ClientSecret: secret.New("x"), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// Ensure that the admin API, which lists sessions that are over, is not taken at its word: of such a
// session nothing is said, and of the others as much as before.
func TestNothingIsSaidOfSessionsThatMayBeOver(t *testing.T) {
	admin := outsideWorld(t)
	var tokens []tokenstate.Token
	for _, session := range []string{"young", "over", "absent"} {
		tokens = append(tokens, tokenstate.Token{Realm: "demo", User: "u1", Client: "c1", ClientID: "app", Session: session, IssuedAt: events.Seconds(time.Now().Unix() - 30)})
	}
	ms, err := Asker{Admin: admin}.Look(t.Context(), aUser, tokens)
	if err != nil {
		t.Fatal(err)
	}
	f := tokenstate.NewFacts()
	f.Add(tokenstate.Learn(events.Message{ID: "00000000-look", Realm: "demo", At: 1_000_000, Source: events.Operator, Body: &events.Order{Order: events.OrderLook, By: "op", User: "u1"}}))
	for _, m := range ms {
		f.Add(tokenstate.Learn(m))
	}
	type verdict struct {
		state   tokenstate.State
		inDoubt bool
	}
	for i, want := range []verdict{{tokenstate.Usable, false}, {tokenstate.Usable, true}, {tokenstate.Revoked, false}} {
		if v := tokenstate.Judge(tokens[i], f, tokenstate.DefaultRules()); v.State != want.state || v.InDoubt != want.inDoubt {
			t.Errorf("%s: %+v", tokens[i].Session, v)
		}
	}
	page, err := Pager{Admin: admin}.Sessions(t.Context(), "demo", "c1", 0, 100)
	if err != nil || page.Rows != 2 || len(page.Sessions) != 1 || page.Sessions[0].Session != "young" || page.Sessions[0].Ends == 0 || page.Sessions[0].Life != 3600 {
		t.Errorf("a page shows %+v, %v", page, err)
	}
}

// Ensure a token that names no user of Keycloak, as with pairwise subjects, is found by its session in its client's
// listing, and is its owner's; and that nobody lists a client for a user whose session was once seen.
func TestOutsideTheOwnerIsTheSessions(t *testing.T) {
	a := Asker{Admin: outsideWorld(t), Sighted: func(tokenstate.Token) bool { return false }}
	s := tokenstate.Scope{Realm: "demo", User: "sub-of-u1"}
	tok := tokenstate.Token{Realm: "demo", User: s.User, Client: "c1", ClientID: "app", Session: "young", IssuedAt: events.Seconds(time.Now().Unix() - 30)}
	judged := func() (tokenstate.Verdict, string) {
		t.Helper()
		ms, err := a.Look(t.Context(), s, []tokenstate.Token{tok})
		if err != nil {
			t.Fatal(err)
		}
		f := tokenstate.NewFacts()
		for _, m := range ms {
			f.Add(tokenstate.Learn(m))
		}
		return tokenstate.Judge(tok, f, tokenstate.DefaultRules()), f.OwnerOf(tok)
	}
	if v, owner := judged(); v.State != tokenstate.Usable || owner != "u1" {
		t.Errorf("of %s: %+v", owner, v)
	}
	a.Sighted = func(tokenstate.Token) bool { return true }
	if v, _ := judged(); v.State != tokenstate.Revoked {
		t.Errorf("seen before: %+v", v)
	}
}
