package e2e

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// backfillSaysTheSame compares, event by event, what the listener published with what the
// backfill makes of Keycloak's event store.
func backfillSaysTheSame(s *system, t *testing.T) {
	ctx := t.Context()
	user, a := s.login()
	_, b := s.login()
	must(t, s.keycloak.Revoke(ctx, a))
	must(t, s.keycloak.Logout(ctx, b))
	must(t, s.keycloak.Enable(ctx, user, false))
	must(t, s.keycloak.Enable(ctx, user, true))
	client := s.clientUUID("app2")
	for _, act := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/users/" + user + "/logout", nil},
		{http.MethodPut, "/clients/" + client, map[string]any{"enabled": true, "notBefore": 0}},
		{http.MethodPost, "/logout-all", nil},
		{http.MethodPut, "", map[string]any{"notBefore": 0}},
		{http.MethodDelete, "/users/" + user, nil},
	} {
		_, err := s.keycloak.Call(ctx, act.method, act.path, act.body, nil)
		must(t, err)
	}
	pool, err := pgxpool.New(ctx, s.stack.Env.DatabaseURL)
	must(t, err)
	defer pool.Close()
	st := postgres.New(pool)
	var stored map[string]events.Message
	s.wait("the event store's last row to be a second old", func() (bool, string) {
		stored = s.kept(t)
		for _, m := range stored {
			if strings.HasPrefix(m.Body.(*events.Happened).Type, "DELETE USER") { // the backfill publishes nothing else
				return true, ""
			}
		}
		return false, ""
	})
	compared := map[string]int{}
	s.wait("the listener's copy of each event", func() (bool, string) {
		clear(compared)
		for id, m := range stored {
			h := m.Body.(*events.Happened)
			have, err := st.JournalHas(ctx, []string{h.Event + "/l"})
			must(t, err)
			line, ok := have[h.Event+"/l"]
			if !ok {
				return false, id + " " + h.Type
			}
			l, err := events.Decode(line.Raw)
			must(t, err)
			want := l.Body.(*events.Happened)
			want.Details, h.Details = nonNil(want.Details), nonNil(h.Details)
			want.Suppressed, want.CommittedBy = 0, 0 // the store knows neither
			if !reflect.DeepEqual(h, want) && !gone(h, want) || m.At != l.At || m.Realm != l.Realm {
				t.Fatalf("%s:\nthe store says    %+v\nthe listener says %+v", id, h, want)
			}
			compared[h.Type]++
		}
		return true, ""
	})
	t.Logf("compared: %v", compared)
	for _, typ := range []string{"LOGIN", "LOGOUT", "REVOKE_GRANT", "UPDATE USER", "DELETE USER", "UPDATE CLIENT", "ACTION REALM", "UPDATE REALM"} {
		if compared[typ] == 0 {
			t.Errorf("no %s was compared", typ)
		}
	}
}

// gone: the store does not keep a client's names for what is about another thing, where the listener
// asks Keycloak for them; and the listener asks for the UUID of a user event's client only where the
// client narrows what ended. Neither decides anything where the session or the user is named.
func gone(store, listener *events.Happened) bool {
	a, b := *store, *listener
	if a.Kind == "user" && b.Client != "" {
		return false
	}
	a.Client, b.Client = "", ""
	if a.Kind == "admin" {
		a.ClientID, b.ClientID = "", ""
	}
	return reflect.DeepEqual(a, b)
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (s *system) clientUUID(name string) string {
	s.t.Helper()
	var found []struct{ ID string }
	_, err := s.keycloak.Call(s.t.Context(), http.MethodGet, "/clients?clientId="+name, nil, &found)
	must(s.t, err)
	return found[0].ID
}

// kept is all that the backfill would bring if no listener had said anything.
func (s *system) kept(t *testing.T) map[string]events.Message {
	t.Helper()
	admin, err := keycloak.NewAdmin(keycloak.Config{
		BaseURL: s.stack.Env.KeycloakURL, Realm: "master",
		ClientID: s.stack.Env.WorkerClientID, ClientSecret: secret.New(s.stack.Env.WorkerClientSecret),
	})
	must(t, err)
	c := &catcher{realm: s.stack.Env.KeycloakRealm, got: map[string]events.Message{}}
	b := &backfill.Backfill{Archive: store{admin}, Journal: c, Log: c, AdminRealm: "master", Logger: zerolog.Nop()}
	must(t, b.Round(t.Context()))
	return c.got
}

// catcher is a journal that has nothing and a log that keeps everything.
type catcher struct {
	realm string
	got   map[string]events.Message
}

func (c *catcher) HaveEvents(context.Context, []string) (map[string]bool, error) { return nil, nil }
func (c *catcher) Realms(context.Context) ([]string, error)                      { return []string{c.realm}, nil }

func (c *catcher) Backfills(context.Context) (map[string]backfill.State, error) {
	return map[string]backfill.State{c.realm: {Upto: 1}, "master": {Upto: 1}}, nil // a first reading would leave out the past
}
func (*catcher) KeepBackfills(context.Context, []string) error { return nil }

func (c *catcher) PutBackfill(context.Context, string, backfill.State) error { return nil }

func (c *catcher) Publish(_ context.Context, m events.Message) error {
	c.got[m.ID] = m
	return nil
}

type store struct{ admin *keycloak.Admin }

func (store) Kept(context.Context, string) (users, admins time.Duration, err error) { return 0, 0, nil }

func (a store) UserEvents(ctx context.Context, realm string, p backfill.Page) (backfill.Answer[backfill.UserEvent], error) {
	page, err := a.admin.UserEvents(ctx, realm, keycloak.EventQuery{From: p.From, Types: p.Types, First: p.First, Max: p.Max})
	out := backfill.Answer[backfill.UserEvent]{Now: events.Millis(page.At.UnixMilli()), NewestFirst: page.NewestFirst}
	for _, r := range page.Rows {
		out.Rows = append(out.Rows, backfill.UserEvent(r))
	}
	return out, err
}

func (a store) AdminEvents(ctx context.Context, realm string, p backfill.Page) (backfill.Answer[backfill.AdminEvent], error) {
	page, err := a.admin.AdminEvents(ctx, realm, keycloak.EventQuery{From: p.From, First: p.First, Max: p.Max})
	out := backfill.Answer[backfill.AdminEvent]{Now: events.Millis(page.At.UnixMilli()), NewestFirst: page.NewestFirst}
	for _, r := range page.Rows {
		out.Rows = append(out.Rows, backfill.AdminEvent(r))
	}
	return out, err
}

func (a store) ClientUUID(ctx context.Context, realm, clientID string) (string, error) {
	c, err := a.admin.LookClientNamed(ctx, realm, clientID)
	if err != nil || c.Gone {
		return "", err
	}
	return c.Client.UUID, nil
}
