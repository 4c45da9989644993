package authapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Federation finds users by who they are elsewhere. An error other than the two below means that
// nothing was learnt.
type Federation interface {
	// FindLinked finds the one user who is linked to an id at an identity provider's alias.
	FindLinked(ctx context.Context, alias, id string) (user string, err error)
}

// Answers of Federation.
var (
	ErrNoSuchUser = errors.New("nobody is linked to this identity")
	ErrSeveral    = errors.New("several users are linked to this identity")
)

type linkedInput struct {
	IDP       string `query:"idp" required:"true" minLength:"1" maxLength:"255" doc:"alias of the identity provider in the realm"`
	IDPUserID string `query:"idp_user_id" required:"true" minLength:"1" maxLength:"255" doc:"the user's id there"`
}

// linkedUser is for what arrives with a foreign id, such as a comment on GitHub. Only Keycloak
// knows the link, so it is asked; the rest is answered from memory.
func (s *Server) linkedUser(api huma.API) {
	op := operation(http.MethodGet, "/v1/users", "Find a user by an identity elsewhere, and what can proceed for them", maxSmallBody)
	op.Middlewares = s.forWholeUser(ScopeDecide)
	huma.Register(api, op, func(ctx context.Context, in *linkedInput) (*userAuthAnswer, error) {
		realm := serviceOf(ctx).Realm
		user, err := s.linked(ctx, realm, in.IDP, in.IDPUserID)
		if shed, ok := errors.AsType[*Problem](err); ok {
			return nil, shed
		}
		switch {
		case errors.Is(err, ErrNoSuchUser):
			return nil, problem(http.StatusNotFound, "no-such-user", "", "no user of the realm is linked to this identity: have them link it, or log in with it")
		case errors.Is(err, ErrSeveral):
			return nil, problem(http.StatusConflict, "ambiguous-identity", "", "several users of the realm are linked to this identity: an administrator must unlink all but one")
		case err != nil:
			s.log(ctx).Warn().Err(err).Msg("who is linked to an identity is not known")
			return nil, unavailable("identity-provider-unavailable", "Keycloak does not answer, and it alone knows whose this identity is: try again")
		}
		return s.userAuth(ctx, realm, user)
	})
}

// linked asks Keycloak, once for all who ask the same at the same time. An error is a *Problem if too
// many wait.
func (s *Server) linked(ctx context.Context, realm, alias, id string) (string, error) {
	leave, bad := s.mayWait()
	if bad != nil {
		return "", bad
	}
	defer leave()
	got, err, _ := s.links.Do(realm+"\x00"+alias+"\x00"+id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		return s.Realms[realm].Federation.FindLinked(ctx, alias, id)
	})
	if err != nil {
		return "", err //nolint:wrapcheck // it says itself what failed
	}
	return got.(string), nil //nolint:forcetypeassert // the function above returns nothing else
}
