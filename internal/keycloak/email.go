package keycloak

import (
	"context"
	"errors"
	"strconv"
)

// ErrUserStores says that a search would have Keycloak ask the realm's user stores, and so import users or remove them.
var ErrUserStores = errors.New("the realm has a user store, and a search would have Keycloak import or remove users of it: find the user's id in Keycloak's console, and ask by that")

// mostByEmail is how many users one address may be of: realms may allow duplicates.
const mostByEmail = 10

// UsersByEmail asks for whose e-mail address this is, exactly (roles view-users and view-realm). It is for a person who
// asks about another, once: it searches as Keycloak's console does. ErrUserStores, ErrNotFound: the realm is gone.
func (a *Admin) UsersByEmail(ctx context.Context, realm, email string) (ids []string, err error) {
	if err := segments(&realm); err != nil {
		return nil, err
	}
	return a.account.usersByEmail(ctx, realm, email)
}

// UsersByEmail is Admin's, of the application's own realm and by its own account.
func (a *App) UsersByEmail(ctx context.Context, email string) (ids []string, err error) {
	return a.account.usersByEmail(ctx, a.conn.realmSeg, email)
}

func (s *account) usersByEmail(ctx context.Context, realm, email string) (ids []string, err error) {
	stores, err := s.userStores(ctx, realm)
	if err != nil {
		return nil, err
	}
	for _, store := range stores {
		if store.Enabled {
			return nil, ErrUserStores
		}
	}
	var reps []struct {
		ID string `json:"id"`
	}
	query := map[string][]string{"email": {email}, "exact": {"true"}, "briefRepresentation": {"true"}, "max": {strconv.Itoa(mostByEmail)}}
	ans, err := s.get(ctx, spec{name: "users", want: list}, query, &reps, realm, "users")
	if err == nil {
		err = ans.rejected()
	}
	if err != nil {
		return nil, err
	}
	for _, r := range reps {
		ids = append(ids, r.ID)
	}
	return ids, nil
}
