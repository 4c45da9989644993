package truth_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// lookClient makes, once, a client in master that may look at our realm, and gives its secret.
func (w *world) lookClient() secret.Text {
	const id = "admin-cli-truth"
	var found []struct{ ID string }
	if err := json.Unmarshal(w.call("GET", "/admin/realms/master/clients?clientId="+id, nil), &found); err != nil {
		w.t.Fatal(err)
	}
	if len(found) == 0 {
		w.call("POST", "/admin/realms/master/clients", map[string]any{
			"clientId": id, "secret": "w", "publicClient": false, "serviceAccountsEnabled": true,
		})
		w.lookClient()
		return secret.New("w")
	}
	var user struct{ ID string }
	if err := json.Unmarshal(w.call("GET", "/admin/realms/master/clients/"+found[0].ID+"/service-account-user", nil), &user); err != nil {
		w.t.Fatal(err)
	}
	var rights []struct{ ID string }
	if err := json.Unmarshal(w.call("GET", "/admin/realms/master/clients?clientId="+w.realm+"-realm", nil), &rights); err != nil || len(rights) != 1 {
		w.t.Fatal(len(rights), err)
	}
	var roles []map[string]any
	if err := json.Unmarshal(w.call("GET", "/admin/realms/master/clients/"+rights[0].ID+"/roles", nil), &roles); err != nil {
		w.t.Fatal(err)
	}
	w.call("POST", "/admin/realms/master/users/"+user.ID+"/role-mappings/clients/"+rights[0].ID, roles)
	return secret.New("w")
}

// look asks the admin API about one subject and writes the answer as the worker will.
func (w *world) look(admin *keycloak.Admin, s tokenstate.Scope) events.Message {
	w.t.Helper()
	m := events.Message{ID: "look-of-the-truth-test", Realm: w.realm, Source: events.Look}
	ctx := context.Background()
	switch {
	case s.User != "":
		u, err := admin.LookUser(ctx, w.realm, s.User, []string{w.uuid["app"], w.uuid["app2"]})
		w.fail(err)
		m.At, m.Body = events.Millis(u.At.UnixMilli()), userLook(u)
	case s.Client != "":
		c, err := admin.LookClient(ctx, w.realm, s.Client)
		w.fail(err)
		m.At = events.Millis(c.At.UnixMilli())
		m.Body = &events.Observation{Clients: []events.ClientLook{{Client: s.Client, ClientID: c.Client.ClientID, Gone: c.Gone, Enabled: c.Client.Enabled, NotBefore: events.Seconds(c.Client.NotBefore)}}}
	default:
		r, err := admin.LookRealm(ctx, w.realm)
		w.fail(err)
		m.At = events.Millis(r.At.UnixMilli())
		m.Body = &events.Observation{Realm: &events.RealmLook{Gone: r.Gone, Enabled: r.Enabled, NotBefore: events.Seconds(r.NotBefore)}}
	}
	m.Received = m.At
	return m
}

func userLook(u keycloak.UserLook) *events.Observation {
	o := &events.Observation{User: &events.UserLook{User: u.UserID, Gone: u.Gone, Enabled: u.Enabled, OfflineAccess: u.OfflineAccess, NotBefore: events.Seconds(u.NotBefore)}}
	for _, c := range u.Clients {
		ro := events.Roster{User: u.UserID, Client: c.UUID, Complete: true}
		for _, s := range c.Sessions {
			ro.Sessions = append(ro.Sessions, events.ClientSession{Session: s.ID, Client: c.UUID})
		}
		o.Rosters = append(o.Rosters, ro)
	}
	return o
}

func (w *world) fail(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(fmt.Errorf("look: %w", err))
	}
}
