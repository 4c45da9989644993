package asking

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Pager joins keycloak.Admin to worker.Pager.
type Pager struct {
	Admin  *keycloak.Admin
	Stores *Stores // nil: nobody is held back
}

// Sessions implements worker.Pager.
func (p Pager) Sessions(ctx context.Context, realm, client string, first, limit int) (worker.Page, error) {
	if err := p.Stores.Tried(realm); err != nil {
		return worker.Page{}, err
	}
	got, err := p.Admin.ClientSessions(ctx, realm, client, first, limit)
	if err != nil {
		return worker.Page{}, pageFault(err)
	}
	page := worker.Page{At: events.Millis(got.At.UnixMilli()), Rows: len(got.Sessions)}
	if len(got.Sessions) > 0 {
		page.Mark = got.Sessions[0].ID
	}
	sure, _, err := p.Admin.Lasting(ctx, realm, client, got.Sessions, got.At)
	if err != nil {
		return worker.Page{}, pageFault(err)
	}
	for _, s := range sure {
		page.Sessions = append(page.Sessions, events.ClientSession{
			Session: s.ID, Client: client, User: s.UserID, Start: events.Millis(s.UserStart).Second(), // the client's is the same or later
			Ends: events.Seconds(s.Ends), Life: events.Seconds(s.Life),
		})
	}
	return page, nil
}

// Users implements worker.Pager.
func (p Pager) Users(ctx context.Context, realm string, first, limit int, disabled bool) (worker.Page, error) {
	if err := p.Stores.Tried(realm); err != nil {
		return worker.Page{}, err
	}
	got, err := p.Admin.Users(ctx, realm, first, limit, disabled)
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
	return Fault(err)
}
