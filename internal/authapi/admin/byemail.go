package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// byEmailInput has the address in its body: a URL stands in access logs and in the audit.
type byEmailInput struct {
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254" pattern:"^[^@\\s\\x00-\\x1f\\x7f-\\x9f]+@[^@\\s\\x00-\\x1f\\x7f-\\x9f]+$"`
	}
}

type byEmailAnswer struct {
	Body struct {
		UserIDs []string `json:"user_ids" doc:"a realm may allow one address for several users; none: nobody has it"`
	}
}

// byEmail is for support, who have an address in hand. Only Keycloak knows whose it is; it is kept nowhere.
func (s *Service) byEmail(api huma.API) {
	op := web.Operation(http.MethodPost, "/v1/users/by-email", "Find users by an e-mail address, which Keycloak is asked for once", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeExplain)
	huma.Register(api, op, func(ctx context.Context, in *byEmailInput) (*byEmailAnswer, error) {
		ids, err := s.usersByEmail(ctx, web.ServiceOf(ctx).Realm, in.Body.Email)
		if shed, ok := errors.AsType[*problem.Problem](err); ok {
			return nil, shed
		}
		switch {
		case errors.Is(err, idp.ErrUserStore):
			return nil, problem.New(http.StatusConflict, "user-store", "", "the realm has a user store, and a search would have Keycloak import or remove users of it: find the user's id in Keycloak's console")
		case err != nil:
			s.Gate.Log(ctx).Warn().Err(err).Msg("whose an e-mail address is, is not known")
			return nil, problem.Unavailable("identity-provider-unavailable", "Keycloak does not say whose it is: try again; authapi's client needs the roles view-users and view-realm for it")
		}
		a := &byEmailAnswer{}
		a.Body.UserIDs = append([]string{}, ids...)
		return a, nil
	})
}

// usersByEmail asks Keycloak within the bound of all who wait for it.
func (s *Service) usersByEmail(ctx context.Context, realm, email string) ([]string, error) {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return nil, bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, linkLimit)
	defer cancel()
	return s.Gate.Realms[realm].Federation.FindByEmail(ctx, email)
}
