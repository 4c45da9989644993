package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// asker joins keycloak.Admin to worker.Asker: a look becomes an observation of nobody's node.
type asker struct{ admin *keycloak.Admin }

func (a asker) Look(ctx context.Context, s tokenstate.Scope, clients []string) (events.Message, error) {
	var at time.Time
	var o *events.Observation
	var err error
	switch {
	case s.User != "":
		at, o, err = a.user(ctx, s, clients)
	case s.Client != "":
		at, o, err = a.client(ctx, s)
	default:
		at, o, err = a.realm(ctx, s)
	}
	if err != nil {
		return events.Message{}, fault(err)
	}
	return observation(s.Realm, at, o), nil
}

func (a asker) LookNamed(ctx context.Context, realm, clientID string) (events.Message, string, error) {
	c, err := a.admin.LookClientNamed(ctx, realm, clientID)
	if err != nil || c.Gone {
		return events.Message{}, "", fault(err)
	}
	return observation(realm, c.At, &events.Observation{Clients: []events.ClientLook{clientLook(c)}}), c.Client.UUID, nil
}

func observation(realm string, at time.Time, o *events.Observation) events.Message {
	return events.Message{ID: uuid.NewString(), Realm: realm, At: events.Millis(at.UnixMilli()), Source: events.Look, Body: o}
}

// user asks for each client's sessions by itself, so that the look covers them whole.
func (a asker) user(ctx context.Context, s tokenstate.Scope, clients []string) (time.Time, *events.Observation, error) {
	u, err := a.admin.LookUser(ctx, s.Realm, s.User, clients)
	if err != nil {
		return time.Time{}, nil, err //nolint:wrapcheck // fault does
	}
	o := &events.Observation{User: &events.UserLook{
		User: u.UserID, Gone: u.Gone, Enabled: u.Enabled, OfflineAccess: u.OfflineAccess, NotBefore: events.Seconds(u.NotBefore),
	}}
	for _, c := range u.Clients {
		r := events.Roster{User: u.UserID, Client: c.UUID, Complete: true}
		for _, live := range c.Sessions {
			r.Sessions = append(r.Sessions, events.ClientSession{
				Session: live.ID, Client: c.UUID, Start: events.Millis(live.UserStart).Second(), // the client's is the same or later
			})
		}
		o.Rosters = append(o.Rosters, r)
	}
	return u.At, o, nil
}

func (a asker) client(ctx context.Context, s tokenstate.Scope) (time.Time, *events.Observation, error) {
	c, err := a.admin.LookClient(ctx, s.Realm, s.Client)
	if err != nil {
		return time.Time{}, nil, err //nolint:wrapcheck // fault does
	}
	return c.At, &events.Observation{Clients: []events.ClientLook{clientLook(c)}}, nil
}

func clientLook(c keycloak.ClientLook) events.ClientLook {
	return events.ClientLook{
		Client: c.Client.UUID, ClientID: c.Client.ClientID, Gone: c.Gone, Enabled: c.Client.Enabled, NotBefore: events.Seconds(c.Client.NotBefore),
	}
}

func (a asker) realm(ctx context.Context, s tokenstate.Scope) (time.Time, *events.Observation, error) {
	r, err := a.admin.LookRealm(ctx, s.Realm)
	if err != nil {
		return time.Time{}, nil, err //nolint:wrapcheck // fault does
	}
	return r.At, &events.Observation{Realm: &events.RealmLook{Gone: r.Gone, Enabled: r.Enabled, NotBefore: events.Seconds(r.NotBefore)}}, nil
}

// pager joins keycloak.Admin to worker.Pager.
type pager struct{ admin *keycloak.Admin }

func (p pager) Sessions(ctx context.Context, realm, client string, first, limit int) (worker.Page, error) {
	got, err := p.admin.ClientSessions(ctx, realm, client, first, limit)
	if err != nil {
		return worker.Page{}, pageFault(err)
	}
	page := worker.Page{At: events.Millis(got.At.UnixMilli()), Rows: len(got.Sessions)}
	for i, s := range got.Sessions {
		if i == 0 {
			page.Mark = s.ID
		}
		page.Sessions = append(page.Sessions, events.ClientSession{
			Session: s.ID, Client: client, User: s.UserID, Start: events.Millis(s.UserStart).Second(), // the client's is the same or later
		})
	}
	return page, nil
}

func (p pager) Users(ctx context.Context, realm string, first, limit int, disabled bool) (worker.Page, error) {
	got, err := p.admin.Users(ctx, realm, first, limit, disabled)
	if err != nil {
		return worker.Page{}, pageFault(err)
	}
	page := worker.Page{At: events.Millis(got.At.UnixMilli()), Rows: len(got.Users)}
	for i, u := range got.Users {
		if i == 0 {
			page.Mark = u.ID
		}
		page.Users = append(page.Users, events.UserSeen{User: u.ID, Enabled: u.Enabled, NotBefore: events.Seconds(u.NotBefore)})
	}
	return page, nil
}

func pageFault(err error) error {
	if errors.Is(err, keycloak.ErrNotFound) {
		return fmt.Errorf("%w: %w", worker.ErrNoSuch, err)
	}
	return fault(err)
}

// fault tells apart what concerns all looks, and says what to do where it is our own rights.
func fault(err error) error {
	u, ok := errors.AsType[*keycloak.Unavailable](err)
	switch {
	case !ok:
		return err
	case u.Status == http.StatusForbidden:
		return fmt.Errorf("%w: give our client the realm's view-users, view-clients, view-realm and view-events", err)
	case u.Status == 0 || u.Status >= 500 || u.Status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %w", worker.ErrAway, err)
	default:
		return err
	}
}
