package keycloak_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// look makes a look that must succeed, of user id and client app.
func (b *bench) look(id string) keycloak.UserLook {
	b.t.Helper()
	l, err := b.admin.LookUser(context.Background(), b.realm, id, []string{b.appUUID})
	if err != nil {
		b.t.Fatal(err)
	}
	// It may be older by a second, cut down, and by what the login took, however busy the machine is.
	if l.At.After(time.Now()) || l.At.Before(b.adminMade.Add(-time.Second-time.Millisecond)) || l.At.Location() != time.UTC {
		b.t.Fatalf("a look of now is dated %v", l.At)
	}
	return l
}

// sids of the first client of a look.
func sids(l keycloak.UserLook) map[string]bool {
	out := map[string]bool{}
	for _, c := range l.Clients {
		for _, s := range c.Sessions {
			out[s.ID] = true
		}
	}
	return out
}

// Ensure the look after each action is what keycloak.md says of it.
func TestAdmin_LookUserAfterEachAction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("dave")
	if l := b.look(id); l.Gone || !l.Enabled || !l.OfflineAccess || l.NotBefore != 0 || len(l.Clients) != 1 || len(sids(l)) != 0 {
		t.Fatalf("before any login: %+v", l)
	}
	one, two := b.offline("dave"), b.offline("dave")
	c1, _ := keycloak.ParseOffline(one)
	c2, _ := keycloak.ParseOffline(two)
	l := b.look(id)
	if s := sids(l); len(s) != 2 || !s[c1.Session] || !s[c2.Session] {
		t.Fatalf("after two logins: %+v", l)
	}
	for _, s := range l.Clients[0].Sessions {
		if s.UserID != id || s.Start != 0 || s.UserStart == 0 || s.LastAccess == 0 || s.Clients[b.appUUID] != "app" {
			t.Fatalf("a session: %+v", s)
		}
	}
	if _, err := b.app.Logout(ctx, one); err != nil {
		t.Fatal(err)
	}
	if s := sids(b.look(id)); len(s) != 1 || !s[c2.Session] {
		t.Fatalf("after logout with the offline token: %v", s)
	}
	b.must("POST", b.path("/users/"+id+"/logout"), nil)
	if l := b.look(id); l.NotBefore < c2.IssuedAt || !sids(l)[c2.Session] {
		t.Fatalf("users/{id}/logout moves not-before and leaves the row: %+v", l)
	}
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": false})
	if l := b.look(id); l.Enabled || !sids(l)[c2.Session] {
		t.Fatalf("disabled: %+v", l)
	}
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": true})
	b.dropDefaultRoles(id)
	if l := b.look(id); l.OfflineAccess || !l.Enabled {
		t.Fatalf("without default roles: %+v", l)
	}
	b.must("DELETE", b.path("/users/"+id), nil)
	if l := b.look(id); !l.Gone || l.Enabled || len(l.Clients) != 0 {
		t.Fatalf("deleted: %+v", l)
	}
}

// Ensure a missing client is told from a missing user and from a missing realm.
func TestAdmin_WhatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("erin")
	const none = "00000000-0000-4000-8000-000000000000"
	l, err := b.admin.LookUser(ctx, b.realm, id, []string{none, b.appUUID})
	if err != nil || l.Gone || len(l.Clients) != 2 || !l.Clients[0].Gone || l.Clients[1].Gone {
		t.Fatalf("a client that does not exist: %+v, %v", l, err)
	}
	if l, err := b.admin.LookUser(ctx, "no-such-realm", id, nil); !errors.Is(err, keycloak.ErrNotFound) || l.Gone {
		t.Fatalf("a user of a realm that does not exist: %+v, %v", l, err)
	}
	if l, err := b.admin.LookClient(ctx, "no-such-realm", b.appUUID); !errors.Is(err, keycloak.ErrNotFound) || l.Gone {
		t.Fatalf("a client of a realm that does not exist: %+v, %v", l, err)
	}
	if l, err := b.admin.LookRealm(ctx, "no-such-realm"); err != nil || !l.Gone {
		t.Fatalf("a realm that does not exist: %+v, %v", l, err)
	}
	if _, err := b.admin.ClientSessions(ctx, b.realm, none, 0, 10); !errors.Is(err, keycloak.ErrNotFound) {
		t.Fatalf("sessions of a client that does not exist: %v", err)
	}
}

// Ensure too few rights never read as absent, disabled or empty.
func TestAdmin_TooFewRights(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.user("frank")
	ctx := context.Background()
	for _, roles := range [][]string{{"view-events"}, {"query-users", "query-clients"}, {"query-realms"}, {"view-realm", "query-clients", "query-groups"}} {
		b.login()
		b.makeWorker(roles...)
		for name, err := range map[string]error{
			"user":      second(b.admin.LookUser(ctx, b.realm, id, nil)),
			"no user":   second(b.admin.LookUser(ctx, b.realm, "nobody", nil)),
			"client":    second(b.admin.LookClient(ctx, b.realm, b.appUUID)),
			"no client": second(b.admin.LookClient(ctx, b.realm, "nothing")),
			"named":     second(b.admin.LookClientNamed(ctx, b.realm, "app")),
			"clients":   second(b.admin.Clients(ctx, b.realm)),
			"sessions":  second(b.admin.ClientSessions(ctx, b.realm, b.appUUID, 0, 10)),
		} {
			if roles[0] == "view-realm" && name == "no client" {
				continue // absent it is, and query-clients may know it
			}
			if _, ok := errors.AsType[*keycloak.UnavailableError](err); !ok {
				t.Errorf("%v, %s: want Unavailable, got %v", roles, name, err)
			}
		}
		var u *keycloak.UnavailableError
		if l, err := b.admin.LookRealm(ctx, b.realm); roles[0] != "view-realm" && !errors.As(err, &u) || l.Gone {
			t.Errorf("%v, realm: want Unavailable, got %+v, %v", roles, l, err)
		}
	}
}

// Ensure a client is followed by UUID through rename, disable and not-before.
func TestAdmin_LookClientAndRealm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	b.user("grace")
	token := b.offline("grace")
	client := func() keycloak.ClientLook {
		t.Helper()
		l, err := b.admin.LookClient(ctx, b.realm, b.appUUID)
		if err != nil || l.At.IsZero() {
			t.Fatalf("%+v, %v", l, err)
		}
		return l
	}
	want := keycloak.Client{UUID: b.appUUID, ClientID: "app", Enabled: true}
	if l := client(); l.Gone || l.Client != want {
		t.Fatalf("%+v", l)
	}
	if l, err := b.admin.LookClientNamed(ctx, b.realm, "app"); err != nil || l.Gone || l.Client != want {
		t.Fatalf("by name: %+v, %v", l, err)
	}
	b.must("PUT", b.path("/clients/"+b.appUUID), map[string]any{"clientId": "app-new"})
	if l := client(); l.Client.ClientID != "app-new" {
		t.Fatalf("renamed: %+v", l)
	}
	if l, err := b.admin.LookClientNamed(ctx, b.realm, "app"); err != nil || !l.Gone {
		t.Fatalf("the old name: %+v, %v", l, err)
	}
	page, err := b.admin.ClientSessions(ctx, b.realm, b.appUUID, 0, 10)
	if err != nil || len(page.Sessions) != 1 || page.Sessions[0].Clients[b.appUUID] != "app-new" {
		t.Fatalf("sessions carry the new name: %+v, %v", page, err)
	}
	renamed := b.newApp("app-new", appSecret)
	b.refusedBy(renamed, token, 400, "invalid_grant", "Invalid refresh token. Token client and authorized client don't match",
		keycloak.ClassNotToken, "client_mismatch") // the old name works again after renaming back: nothing to record
	b.must("PUT", b.path("/clients/"+b.appUUID), map[string]any{"clientId": "app", "notBefore": 1234567890})
	if l := client(); l.Client.ClientID != "app" || l.Client.NotBefore != 1234567890 {
		t.Fatalf("not-before: %+v", l)
	}
	b.must("PUT", b.path("/clients/"+b.appUUID), map[string]any{"enabled": false})
	if l := client(); l.Client.Enabled {
		t.Fatalf("disabled: %+v", l)
	}
	b.refused(token, 401, "invalid_client", "", keycloak.ClassNotToken, "invalid_client")
	all, err := b.admin.Clients(ctx, b.realm)
	found := false
	for _, c := range all {
		found = found || c.UUID == b.appUUID && !c.Enabled
	}
	if err != nil || !found {
		t.Fatalf("the list: %+v, %v", all, err)
	}

	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"enabled": false, "notBefore": 1234567891})
	if l, err := b.admin.LookRealm(ctx, b.realm); err != nil || l.Gone || l.Enabled || l.NotBefore != 1234567891 {
		t.Fatalf("a disabled realm can be looked at from master: %+v, %v", l, err)
	}
	b.must("DELETE", b.path("/clients/"+b.appUUID), nil)
	if l := client(); !l.Gone {
		t.Fatalf("deleted: %+v", l)
	}
	b.must("DELETE", "/admin/realms/"+b.realm, nil)
	if l, err := b.admin.LookRealm(ctx, b.realm); err != nil || !l.Gone {
		t.Fatalf("a deleted realm: %+v, %v", l, err)
	}
}

// Ensure paging visits every session once while nobody leaves.
func TestAdmin_Paging(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	want := map[string]bool{}
	for i := range 3 {
		name := fmt.Sprintf("user%d", i)
		b.user(name)
		c, err := keycloak.ParseOffline(b.offline(name))
		if err != nil {
			t.Fatal(err)
		}
		want[c.Session] = true
	}
	got := map[string]bool{}
	for first := 0; ; first += 2 {
		page, err := b.admin.ClientSessions(ctx, b.realm, b.appUUID, first, 2)
		if err != nil || len(page.Sessions) > 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, s := range page.Sessions {
			got[s.ID] = true
		}
		if len(page.Sessions) < 2 {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Ensure both event stores come oldest first, with ids and within the bounds asked for.
func TestAdmin_Events(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("heidi")
	from := time.Now().UnixMilli()
	one, two := b.offline("heidi"), b.offline("heidi")
	c1, _ := keycloak.ParseOffline(one)
	if err := b.app.Revoke(ctx, one); err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.Logout(ctx, two); err != nil {
		t.Fatal(err)
	}
	b.must("DELETE", b.path("/users/"+id), nil)

	q := keycloak.EventQuery{From: from, To: time.Now().UnixMilli() + 1000, Types: []string{"REVOKE_GRANT", "LOGOUT"}, Max: 10}
	got, err := b.admin.UserEvents(ctx, b.realm, q)
	rows := got.Rows
	if err != nil || len(rows) != 2 || rows[0].Type != "REVOKE_GRANT" || rows[1].Type != "LOGOUT" {
		t.Fatalf("%+v, %v", rows, err)
	}
	r := rows[0]
	if r.ID == "" || r.Time < from || r.UserID != id || r.SessionID != c1.Session || r.ClientID != "app" || r.Details["refresh_token_type"] != "Offline" {
		t.Fatalf("%+v", r)
	}
	q.First, q.Max = 1, 1
	if page, err := b.admin.UserEvents(ctx, b.realm, q); err != nil || len(page.Rows) != 1 || page.Rows[0].ID != rows[1].ID {
		t.Fatalf("second page: %+v, %v", page, err)
	}
	q = keycloak.EventQuery{From: rows[1].Time + 1, Max: 10}
	if page, err := b.admin.UserEvents(ctx, b.realm, q); err != nil || len(page.Rows) != 0 || page.At.UnixMilli() < from-1000 {
		t.Fatalf("after the last: %+v, %v", page, err)
	}
	admin, err := b.admin.AdminEvents(ctx, b.realm, keycloak.EventQuery{From: from, Types: []string{"USER"}, Max: 10})
	if err != nil || len(admin.Rows) != 1 {
		t.Fatalf("%+v, %v", admin, err)
	}
	a := admin.Rows[0]
	if a.ID == "" || a.Time < from || a.OperationType != "DELETE" || a.ResourceType != "USER" || a.ResourcePath != "users/"+id || a.Representation == "" {
		t.Fatalf("%+v", a)
	}
	if v, err := b.admin.ServerVersion(ctx); err != nil || v != "" {
		t.Fatalf("view roles on one realm do not show the version: %q, %v", v, err)
	}
}

// Ensure a page of users tells what a look at each of them tells, but for their roles.
func TestAdmin_Users(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	want := map[string]keycloak.UserState{}
	for i := range 5 {
		id := b.user(fmt.Sprintf("user%d", i))
		switch i {
		case 1:
			b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": false})
		case 2:
			b.must("POST", b.path("/users/"+id+"/logout"), nil)
		case 3:
			b.dropDefaultRoles(id)
		}
		l := b.look(id)
		want[id] = keycloak.UserState{ID: id, Enabled: l.Enabled, NotBefore: l.NotBefore}
	}
	for _, only := range []bool{false, true} {
		got := map[string]keycloak.UserState{}
		for first := 0; ; first += 2 {
			page, err := b.admin.Users(ctx, b.realm, first, 2, only)
			if err != nil || len(page.Users) > 2 || page.At.After(time.Now()) {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, u := range page.Users {
				got[u.ID] = u
			}
			if len(page.Users) == 0 {
				break
			}
		}
		for id, u := range want {
			if _, listed := got[id]; listed != (!only || !u.Enabled) || listed && got[id] != u {
				t.Errorf("only disabled %v: %+v, want %+v", only, got[id], u)
			}
		}
	}
	b.login()
	b.makeWorker("query-users")
	if page, err := b.admin.Users(ctx, b.realm, 0, 10, false); err == nil && len(page.Users) > 0 {
		t.Errorf("with too few rights: %+v", page)
	}
}
