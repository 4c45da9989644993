package keycloak

import (
	"context"
	"net/http"
)

// UserStore is a provider of users behind a realm, such as an LDAP directory.
type UserStore struct {
	ID, Name string
	Enabled  bool
	// RemovesInvalid: Keycloak copies the store's users into its database and removes whom the store
	// does not show any more, whenever it looks at them past its cache. Keycloak's own default.
	RemovesInvalid bool
}

// UserStores asks GET components (role view-realm) for the realm's user stores.
func (a *Admin) UserStores(ctx context.Context, realm string) ([]UserStore, error) {
	if err := segments(&realm); err != nil {
		return nil, err
	}
	return a.account.userStores(ctx, realm)
}

func (s *account) userStores(ctx context.Context, realm string) ([]UserStore, error) {
	var rows []struct {
		ID, Name string
		Config   map[string][]string
	}
	query := map[string][]string{"type": {"org.keycloak.storage.UserStorageProvider"}}
	ans, err := s.get(ctx, spec{name: "components", want: list}, query, &rows, realm, "components")
	if err == nil {
		err = ans.rejected()
	}
	if err == nil && ans.status != http.StatusOK {
		err = ans.unknown("the realm's components were not listed; does our client have view-realm?")
	}
	if err != nil {
		return nil, err
	}
	var stores []UserStore
	for _, r := range rows {
		// What the configuration does not say is true.
		on := func(name string) bool { return len(r.Config[name]) == 0 || r.Config[name][0] != "false" }
		stores = append(stores, UserStore{r.ID, r.Name, on("enabled"), on("importEnabled") && on("removeInvalidUsersEnabled")})
	}
	return stores, nil
}
