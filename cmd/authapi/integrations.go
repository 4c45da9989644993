package main

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/authapi/admin"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// federation joins keycloak.App to idp.Federation.
type federation struct{ *keycloak.App }

func (f federation) FindLinked(ctx context.Context, alias, id string) (string, error) {
	user, err := f.App.FindLinked(ctx, alias, id)
	switch {
	case errors.Is(err, keycloak.ErrNotFound), errors.Is(err, keycloak.ErrBadID): // no such id was ever given out
		err = idp.ErrNoSuchUser
	case errors.Is(err, keycloak.ErrAmbiguous):
		err = idp.ErrSeveral
	}
	return user, err //nolint:wrapcheck // joins only
}

// integrations are what runs in a user's name without the user.
type integrations struct{ appName string }

func (i *integrations) addTo(t *settings.Table) {
	t.Text(&i.appName, "AUTHAPI_APP_NAME", "", "the application's name in messages to users")
}

// arrivals joins the journal to admin.Arrivals.
type arrivals struct{ *postgres.Store }

// Arrived looks for the id itself and for both messages of a Keycloak event.
func (a arrivals) Arrived(ctx context.Context, realm, id string) ([]admin.Arrival, int64, error) {
	ids := []string{id, id + "/l", id + "/b"}
	got, err := a.Store.Arrived(ctx, realm, ids...)
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // joins only
	}
	var found []admin.Arrival
	for _, m := range got.Messages {
		one := admin.Arrival{MessageID: m.ID, What: timeline.Describe(m), At: m.At.Time()}
		if m.Received != 0 {
			at := m.Received.Time()
			one.ReceivedAt = &at
		}
		found = append(found, one)
	}
	return found, got.Version, nil
}
