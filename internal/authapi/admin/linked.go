package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type linkedInput struct {
	IDP       string `query:"idp" required:"true" minLength:"1" maxLength:"255" doc:"alias of the identity provider in the realm"`
	IDPUserID string `query:"idp_user_id" required:"true" minLength:"1" maxLength:"255" doc:"the user's id there"`
}

// linkedUser is for what arrives with a foreign id, such as a comment on GitHub. Only Keycloak
// knows the link, so it is asked; the rest is answered from memory.
func (s *Service) linkedUser(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/users", "Find a user by an identity elsewhere, and what can proceed for them", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeDecide)
	huma.Register(api, op, func(ctx context.Context, in *linkedInput) (*userAuthAnswer, error) {
		realm := web.ServiceOf(ctx).Realm
		user, err := s.linked(ctx, realm, in.IDP, in.IDPUserID)
		if shed, ok := errors.AsType[*problem.Problem](err); ok {
			return nil, shed
		}
		switch {
		case errors.Is(err, idp.ErrNoSuchUser):
			return nil, problem.New(http.StatusNotFound, "no-such-user", "", "no user of the realm is linked to this identity: have them link it, or log in with it")
		case errors.Is(err, idp.ErrSeveral):
			return nil, problem.New(http.StatusConflict, "ambiguous-identity", "", "several users of the realm are linked to this identity: an administrator must unlink all but one")
		case err != nil:
			s.Gate.Log(ctx).Warn().Err(err).Msg("who is linked to an identity is not known")
			return nil, problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer, and it alone knows whose this identity is: try again")
		}
		return s.userAuth(ctx, realm, user)
	})
}

// linkLimit bounds asking who is linked to an identity.
const linkLimit = 2 * time.Second

// linked asks Keycloak, once for all who ask the same at the same time. An error is a *problem.Problem if too
// many wait.
func (s *Service) linked(ctx context.Context, realm, alias, id string) (string, error) {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return "", bad
	}
	defer leave()
	got, err, _ := s.links.Do(realm+"\x00"+alias+"\x00"+id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), linkLimit)
		defer cancel()
		return s.Gate.Realms[realm].Federation.FindLinked(ctx, alias, id)
	})
	if err != nil {
		return "", err
	}
	return got.(string), nil
}
