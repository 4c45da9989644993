package keycloak

import (
	"context"
	"fmt"

	"github.com/Nerzal/gocloak/v13"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// CanaryUser is the canary's user, and its client, in the realm that it watches.
type CanaryUser struct {
	ClientID     string
	ClientSecret secret.Text
	Name         string
	Password     secret.Text
	// Disables: its client's service account may disable the user. Keycloak knows no smaller right for
	// that than manage-users, which is over every user of the realm.
	Disables bool
}

// Canary makes the canary's client and user as far as they are not there, and says what it made.
// Secret and password of those that are there are left alone.
func (s *Setup) Canary(ctx context.Context, realm string, c CanaryUser) (changed []string, err error) {
	id, err := s.clientOf(ctx, realm, c.ClientID)
	if err != nil {
		return nil, err
	}
	if id == "" {
		if id, err = s.canaryClient(ctx, realm, c); err != nil {
			return nil, err
		}
		changed = append(changed, "client")
	}
	made, err := s.canaryUser(ctx, realm, c)
	if err != nil {
		return changed, err
	}
	changed = append(changed, made...)
	if !c.Disables {
		return changed, nil
	}
	given, err := s.mayManageUsers(ctx, realm, id)
	return append(changed, given...), err
}

func (s *Setup) canaryClient(ctx context.Context, realm string, c CanaryUser) (id string, err error) {
	yes, no, raw := true, false, c.ClientSecret.Reveal()
	id, err = s.g.CreateClient(ctx, s.token, realm, gocloak.Client{
		ClientID: &c.ClientID, Secret: &raw, PublicClient: &no, StandardFlowEnabled: &no, ImplicitFlowEnabled: &no,
		DirectAccessGrantsEnabled: &yes, ServiceAccountsEnabled: &c.Disables,
	})
	if err != nil {
		return "", fmt.Errorf("make the client %s of realm %s: %s", c.ClientID, realm, apiFault(err))
	}
	return id, nil
}

// canaryUser has all that a user's profile asks for by default: without it Keycloak wants the user to
// complete it, and refuses the login.
func (s *Setup) canaryUser(ctx context.Context, realm string, c CanaryUser) (made []string, err error) {
	exact := true
	found, err := s.g.GetUsers(ctx, s.token, realm, gocloak.GetUsersParams{Username: &c.Name, Exact: &exact})
	if err != nil {
		return nil, fmt.Errorf("find the user %s of realm %s: %s", c.Name, realm, apiFault(err))
	}
	if len(found) > 0 {
		return nil, nil
	}
	yes, no, kind, raw := true, false, "password", c.Password.Reveal()
	first, last, email := "tokenstate", "canary", "tokenstate-canary@canary.invalid"
	_, err = s.g.CreateUser(ctx, s.token, realm, gocloak.User{
		Username: &c.Name, Enabled: &yes, FirstName: &first, LastName: &last, Email: &email, EmailVerified: &yes,
		Credentials: &[]gocloak.CredentialRepresentation{{Type: &kind, Value: &raw, Temporary: &no}},
	})
	if err != nil {
		return nil, fmt.Errorf("make the user %s of realm %s: %s", c.Name, realm, apiFault(err))
	}
	return []string{"user"}, nil
}

func (s *Setup) mayManageUsers(ctx context.Context, realm, client string) (given []string, err error) {
	account, err := s.g.GetClientServiceAccount(ctx, s.token, realm, client)
	if err != nil {
		return nil, fmt.Errorf("the service account of the canary's client (is it switched on?): %s", apiFault(err))
	}
	rights, err := s.clientOf(ctx, realm, "realm-management")
	if err != nil {
		return nil, err
	}
	return s.give(ctx, realm, rights, *account.ID, []string{"manage-users"})
}
