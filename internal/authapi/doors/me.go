package doors

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type meAnswer struct {
	Body struct {
		ID     string          `json:"id" doc:"the user's id"`
		UserID string          `json:"user_id"`
		OrgID  *string         `json:"org_id"`
		Realm  string          `json:"realm" doc:"the user's; ids are of one realm"`
		Key    keyBody         `json:"key"`
		Token  web.VerdictBody `json:"token" doc:"the user's best offline token; it does not matter for the key"`
	}
}

type keyBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind" enum:"system,user,legacy"`
}

// me says whose the key is. 200 also when the user's token is dead: that is what logout is.
func (s *Service) me(api huma.API) {
	op := web.Operation(http.MethodGet, "/api/v1/users/me", "Who holds this API key", web.SmallBody)
	op.Middlewares = s.Door.ForKey()
	huma.Register(api, op, func(ctx context.Context, _ *web.PinInput) (*meAnswer, error) {
		rec := web.KeyOf(ctx)
		_, verdict, _ := s.Gate.Known.Best(rec.Realm, rec.User, "", nil)
		var a meAnswer
		a.Body.ID, a.Body.UserID, a.Body.OrgID, a.Body.Realm = rec.User, rec.User, web.Text(rec.Org), rec.Realm
		a.Body.Key = keyBody{rec.ID, gate.ShownName(rec), string(rec.Kind)}
		a.Body.Token = web.BodyOf(verdict)
		return &a, nil
	})
}
