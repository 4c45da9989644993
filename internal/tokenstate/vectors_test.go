package tokenstate_test

import (
	"os"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func recorded(t *testing.T, name string) events.Message {
	t.Helper()
	raw, err := os.ReadFile("../events/testdata/recorded/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := events.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	m.Received = m.At + 20
	return m
}

// subjectOf is an old token that the recorded event is about: of the session it names, else
// of the one that the look lists, else of any.
func subjectOf(h *events.Happened, o *events.Observation, at events.Millis) tokenstate.Token {
	t := tokenstate.Token{Realm: "demo", User: h.User, Client: h.Client, ClientID: h.ClientID, Session: h.Session, IssuedAt: at.Second() - 60}
	if t.User == "" && o.User != nil {
		t.User = o.User.User
	}
	for _, c := range o.Causes {
		t.Session = c.Session
	}
	for _, ro := range o.Rosters {
		for _, s := range ro.Sessions {
			if t.Session == "" || t.Session == s.Session {
				t.Session, t.Client, t.ClientID = s.Session, s.Client, s.ClientID
				t.IssuedAt = max(t.IssuedAt, s.Start) // a session's token is not older than the session
			}
		}
	}
	if o.User != nil && h.Path != "users/"+o.User.User+"/logout" {
		t.IssuedAt = max(t.IssuedAt, o.User.NotBefore) // an earlier scene of the recording cut older tokens
	}
	if t.User == "" {
		t.User = "somebody"
	}
	if t.Client == "" {
		t.Client, t.ClientID = "7a36af02-5a11-4d4d-8391-d3c24a6e4b81", "app"
	}
	return t
}

// Ensure the real messages of each action lead to what Keycloak itself answered after it
// (keycloak.md, last section), in either order of event and look.
func TestRecordedActions(t *testing.T) {
	for name, want := range map[string]struct {
		state  tokenstate.State
		reason string
		doubt  bool
	}{
		"login-offline":                {tokenstate.Usable, "", false},
		"logout-offline":               {tokenstate.Revoked, tokenstate.ReasonSessionEnded, false},
		"revoke-grant-offline":         {tokenstate.Revoked, tokenstate.ReasonGrantRevoked, false},
		"admin-delete-session-offline": {tokenstate.Revoked, tokenstate.ReasonSessionEnded, false},
		"admin-consent-delete":         {tokenstate.Revoked, tokenstate.ReasonSessionAbsent, false},
		"admin-user-logout":            {tokenstate.Revoked, tokenstate.ReasonUserNotBefore, false},
		"admin-user-disable":           {tokenstate.Suspended, tokenstate.ReasonUserDisabled, false},
		"admin-user-enable":            {tokenstate.Usable, "", false},
		"admin-roles-removed":          {tokenstate.Suspended, tokenstate.ReasonOfflineAccess, false},
		"admin-roles-back":             {tokenstate.Usable, "", false},
		"admin-user-delete":            {tokenstate.Revoked, tokenstate.ReasonUserDeleted, false},
		"admin-realm-delete":           {tokenstate.Usable, "", true},                                 // until the worker has looked for itself
		"admin-client-disable":         {tokenstate.Suspended, tokenstate.ReasonClientDisabled, true}, // its lifetimes may be others
		"admin-client-delete":          {tokenstate.Suspended, tokenstate.ReasonClientDeleted, true},  // whoever is beneath is looked at next
		"admin-logout-all":             {tokenstate.Suspended, tokenstate.ReasonRealmNotBefore, true},
	} {
		t.Run(name, func(t *testing.T) {
			event, look := recorded(t, name+"-event"), recorded(t, name+"-observation")
			tok := subjectOf(event.Body.(*events.Happened), look.Body.(*events.Observation), event.At)
			for _, ms := range [][]events.Message{{event, look}, {look, event}} {
				v := tokenstate.Judge(tok, fold(ms), tokenstate.DefaultRules())
				if v.State != want.state || v.Reason != want.reason || v.InDoubt != want.doubt {
					t.Fatalf("want %v, got %+v for %+v", want, v, tok)
				}
			}
		})
	}
}

// Ensure a rename is seen by the UUID: the event names the client only so.
func TestRecordedRename(t *testing.T) {
	look := recorded(t, "admin-client-rename-observation")
	client := look.Body.(*events.Observation).Clients[0]
	tok := tokenstate.Token{Realm: "demo", User: "u", Client: client.Client, ClientID: "app2", Session: "s", IssuedAt: look.At.Second()}
	v := tokenstate.Judge(tok, fold([]events.Message{look}), tokenstate.DefaultRules())
	if v.State != tokenstate.Suspended || v.Reason != tokenstate.ReasonClientRenamed {
		t.Fatalf("%+v", v)
	}
}
