package keycloak

import (
	"context"
	"fmt"
	"net/http"

	"github.com/Nerzal/gocloak/v13"
)

// Reader makes the realm role that the jar's resource asks for, if it is not there, and gives it to
// the worker's service account if that lacks it. It says what it did. Without the jar the role
// permits nothing.
func (s *Setup) Reader(ctx context.Context, clientID string) (changed []string, err error) {
	worker, err := s.client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	if worker == "" {
		return nil, fmt.Errorf("no client %s", clientID)
	}
	account, err := s.g.GetClientServiceAccount(ctx, s.token, adminRealm, worker)
	if err != nil {
		return nil, fmt.Errorf("the service account of %s: %s", clientID, apiFault(err))
	}
	role, made, err := s.readerRole(ctx)
	if err != nil {
		return nil, err
	}
	if made {
		changed = append(changed, ReaderRole+" made")
	}
	has, err := s.g.GetRealmRolesByUserID(ctx, s.token, adminRealm, *account.ID)
	if err != nil {
		return changed, fmt.Errorf("the realm roles of the service account: %s", apiFault(err))
	}
	for _, r := range has {
		if gocloak.PString(r.Name) == ReaderRole {
			return changed, nil
		}
	}
	if err := s.g.AddRealmRoleToUser(ctx, s.token, adminRealm, *account.ID, []gocloak.Role{*role}); err != nil {
		return changed, fmt.Errorf("give the realm role %s: %s", ReaderRole, apiFault(err))
	}
	return append(changed, ReaderRole), nil
}

func (s *Setup) readerRole(ctx context.Context) (role *gocloak.Role, made bool, err error) {
	role, err = s.g.GetRealmRole(ctx, s.token, adminRealm, ReaderRole)
	if err == nil {
		return role, false, nil
	}
	if apiFault(err) != http.StatusText(http.StatusNotFound) {
		return nil, false, fmt.Errorf("find the realm role %s: %s", ReaderRole, apiFault(err))
	}
	name, what := ReaderRole, "may read users' states and offline sessions of every realm through tokenstate's resource"
	if _, err = s.g.CreateRealmRole(ctx, s.token, adminRealm, gocloak.Role{Name: &name, Description: &what}); err != nil {
		return nil, false, fmt.Errorf("make the realm role %s: %s", ReaderRole, apiFault(err))
	}
	if role, err = s.g.GetRealmRole(ctx, s.token, adminRealm, ReaderRole); err != nil {
		return nil, true, fmt.Errorf("find the realm role %s: %s", ReaderRole, apiFault(err))
	}
	return role, true, nil
}
