package adapters

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// Federation joins keycloak.App to idp.Federation.
type Federation struct{ *keycloak.App }

// FindLinked implements idp.Federation.
func (f Federation) FindLinked(ctx context.Context, alias, id string) (string, error) {
	user, err := f.App.FindLinked(ctx, alias, id)
	switch {
	case errors.Is(err, keycloak.ErrNotFound), errors.Is(err, keycloak.ErrBadID): // no such id was ever given out
		err = idp.ErrNoSuchUser
	case errors.Is(err, keycloak.ErrAmbiguous):
		err = idp.ErrSeveral
	}
	return user, err
}

// FindByEmail implements idp.Federation.
func (f Federation) FindByEmail(ctx context.Context, email string) ([]string, error) {
	users, err := f.UsersByEmail(ctx, email)
	if errors.Is(err, keycloak.ErrUserStores) {
		err = idp.ErrUserStore
	}
	return users, err
}
