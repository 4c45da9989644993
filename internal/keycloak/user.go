package keycloak

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// offlineRole is the realm role without which Keycloak refuses offline tokens.
const offlineRole = "offline_access"

type userState struct {
	at        time.Time
	gone      bool
	enabled   bool
	notBefore int64
	store     string // that the user comes from
}

// user reads GET users/{id}. gocloak's GetUserByID drops notBefore.
// Whoever gets gone must make sure that the answer came from the right place.
func (s *account) user(ctx context.Context, realm, id string) (userState, error) {
	asked := id
	if err := segments(&realm, &id); err != nil {
		return userState{}, err
	}
	var rep struct {
		ID        string `json:"id"`
		Enabled   *bool  `json:"enabled"`
		NotBefore int64  `json:"notBefore"`
		Store     string `json:"federationLink"`
	}
	a, err := s.get(ctx, spec{name: "user", want: object}, nil, &rep, realm, "users", id)
	if err != nil {
		return userState{}, err
	}
	switch err := a.rejected(); {
	case errors.Is(err, ErrNotFound):
		return userState{at: a.at, gone: true}, nil
	case err != nil:
		return userState{}, err
	case rep.ID == "" || rep.Enabled == nil:
		return userState{}, a.unknown("the user came without id or enabled; does our client have view-users?")
	case rep.ID != asked:
		// A user store may take an id in another spelling (f:ldap:ANN for f:ldap:ann). What is stored
		// under that spelling would be a subject that no event ever names.
		return userState{}, a.unknown("the user came under another id than was asked for; use the id as Keycloak spells it")
	}
	return userState{at: a.at, enabled: *rep.Enabled, notBefore: rep.NotBefore, store: rep.Store}, nil
}

// userOffline reads the effective realm roles: direct, by group, by composite
// (measured: default roles taken away show as false).
func (a *Admin) userOffline(ctx context.Context, realm, id string) (bool, error) {
	roles, err := a.account.realmRoles(ctx, realm, id)
	if err != nil || !slices.Contains(roles, offlineRole) {
		return false, err
	}
	names, open, err := a.demanded(ctx, realm)
	return open || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(roles, n) }), err
}

func (s *account) realmRoles(ctx context.Context, realm, id string) (names []string, err error) {
	if err := segments(&realm, &id); err != nil {
		return nil, err
	}
	var roles []*gocloak.Role
	a, err := s.as(ctx, spec{name: "user's roles", want: list, reads: true}, func(ctx context.Context, token string) (err error) {
		roles, err = s.g.GetCompositeRealmRolesByUserID(ctx, token, realm, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		if r != nil {
			names = append(names, gocloak.PString(r.Name))
		}
	}
	return names, a.rejected()
}

// mayListUsers is nil if GET users answers us, which shows that a 404 on one
// user came from Keycloak's users and not from a proxy in front of them.
func (s *account) mayListUsers(ctx context.Context, realm string) error {
	if err := segments(&realm); err != nil {
		return err
	}
	query := map[string][]string{"first": {"0"}, "max": {"1"}, "briefRepresentation": {"true"}}
	var ignored []struct{}
	a, err := s.get(ctx, spec{name: "users", want: list}, query, &ignored, realm, "users")
	if err != nil {
		return err
	}
	if a.status >= 300 {
		return a.unknown("the user was not found, but neither are users; check the keycloak url and view-users")
	}
	return nil
}

// stillThere turns "not found" in the middle of a look into unknown: the thing
// was there a call ago, and half a look is none.
func stillThere(err error) error {
	if errors.Is(err, ErrNotFound) {
		return &UnavailableError{
			Call: "look", Reason: "the user changed while being looked at; look again",
			Status: http.StatusNotFound, Sent: true,
		}
	}
	return err
}
