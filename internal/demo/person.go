package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// Person is somebody to try the API with: what a backend has in hand after a login.
type Person struct{ User, RefreshToken, APIKey string }

// org is the organization that a person's key is for, and keyName what it is called.
const org, keyName = "acme", "automation"

// NewPerson makes a user of that name, or finds them, logs in with the scope offline_access and mints a key. authapi is
// not given the offline token: that is the first thing to try.
func NewPerson(ctx context.Context, e devstack.Env, name string) (p Person, err error) {
	k := play.KeycloakOf(e)
	p.User, err = k.NewUser(ctx, name)
	if status, ok := errors.AsType[*devstack.StatusError](err); ok && status.Code == http.StatusConflict {
		p.User, err = findUser(ctx, k, name)
	}
	if err != nil {
		return p, fmt.Errorf("make the user %s: %w", name, err)
	}
	tokens, err := k.Grant(ctx, e.KeycloakClientID, name, play.Offline)
	if err != nil {
		return p, fmt.Errorf("log in as %s: %w", name, err)
	}
	p.RefreshToken = tokens.Refresh
	a, err := play.BackendOf(e).Mint(ctx, p.User, org, keyName)
	if err != nil {
		return p, fmt.Errorf("mint a key for %s: %w", name, err)
	}
	if p.APIKey = a.Text("key"); a.Status != http.StatusOK || p.APIKey == "" {
		return p, fmt.Errorf("mint a key for %s: authapi answers %d, %s", name, a.Status, a.Text("detail"))
	}
	return p, nil
}

func findUser(ctx context.Context, k *play.Keycloak, name string) (string, error) {
	var found []struct{ ID string }
	if _, err := k.Call(ctx, http.MethodGet, "/users?exact=true&username="+url.QueryEscape(name), nil, &found); err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d users have this name", len(found))
	}
	return found[0].ID, nil
}
