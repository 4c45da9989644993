package keycloak

import (
	"context"
	"errors"

	"github.com/Nerzal/gocloak/v13"
)

// ErrAmbiguous says that two users are linked to the same identity, so it names nobody.
var ErrAmbiguous = errors.New("keycloak: more than one user has this identity")

// maxLinked bounds how many users are asked whether the identity is theirs.
const maxLinked = 2

// FindLinked finds the user who is linked to an identity at an identity provider: GET users with
// idpAlias and idpUserId, and of what that gives, GET users/{id}/federated-identity (role
// view-users). The second question is what is believed: whatever does not know the parameters
// lists anybody. ErrNotFound if nobody is linked, ErrBadID, ErrAmbiguous.
func (a *App) FindLinked(ctx context.Context, alias, id string) (user string, err error) {
	if !plainID(alias) || !plainID(id) {
		return "", ErrBadID
	}
	realm := a.conn.realmSeg
	query := map[string][]string{"idpAlias": {alias}, "idpUserId": {id}, "briefRepresentation": {"true"}, "max": {"3"}}
	var listed []struct {
		ID string `json:"id"`
	}
	ans, err := a.account.get(ctx, spec{name: "users by identity", want: list}, query, &listed, realm, "users")
	if err == nil {
		err = asked(ans)
	}
	if err != nil {
		return "", err
	}
	if len(listed) > maxLinked {
		return "", ans.unknown("far too many users for one identity; does this keycloak know idpAlias?")
	}
	for _, one := range listed {
		is, err := a.linked(ctx, one.ID, alias, id)
		switch {
		case err != nil:
			return "", err
		case is && user != "" && user != one.ID:
			return "", ErrAmbiguous
		case is:
			user = one.ID
		}
	}
	if user == "" {
		return "", ErrNotFound
	}
	return user, nil
}

func (a *App) linked(ctx context.Context, user, alias, id string) (bool, error) {
	if err := segments(&user); err != nil {
		return false, err
	}
	var links []gocloak.FederatedIdentityRepresentation
	ans, err := a.account.get(ctx, spec{name: "user's identities", want: list}, nil, &links, a.conn.realmSeg, "users", user,
		"federated-identity")
	if err == nil {
		err = stillThere(ans.rejected())
	}
	if err != nil {
		return false, err
	}
	for _, l := range links {
		if gocloak.PString(l.IdentityProvider) == alias && gocloak.PString(l.UserID) == id {
			return true, nil
		}
	}
	return false, nil
}

// asked: a 404 to a listing is about the realm or the address, never about a user.
func asked(a *answer) error {
	err := a.rejected()
	if errors.Is(err, ErrNotFound) {
		return a.unknown("users cannot be listed; check the keycloak url and realm")
	}
	return err
}
