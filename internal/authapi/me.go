package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type meAnswer struct {
	Body struct {
		ID     string      `json:"id" doc:"the user's id"`
		UserID string      `json:"user_id"`
		OrgID  *string     `json:"org_id"`
		Realm  string      `json:"realm" doc:"the user's; ids are of one realm"`
		Key    keyBody     `json:"key"`
		Token  verdictBody `json:"token" doc:"the user's best offline token; it does not matter for the key"`
	}
}

type keyBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind" enum:"system,user,legacy"`
}

// me says whose the key is. 200 also when the user's token is dead: that is what logout is.
func (s *Server) me(api huma.API) {
	op := operation(http.MethodGet, "/api/v1/users/me", "Who holds this API key", maxSmallBody)
	op.Middlewares = s.forKey()
	huma.Register(api, op, func(ctx context.Context, _ *pinInput) (*meAnswer, error) {
		rec := keyOf(ctx)
		_, verdict, _ := s.Known.Best(rec.Realm, rec.User, "", nil)
		var a meAnswer
		a.Body.ID, a.Body.UserID, a.Body.OrgID, a.Body.Realm = rec.User, rec.User, text(rec.Org), rec.Realm
		a.Body.Key = keyBody{rec.ID, shownName(rec), string(rec.Kind)}
		a.Body.Token = bodyOf(verdict)
		return &a, nil
	})
}
