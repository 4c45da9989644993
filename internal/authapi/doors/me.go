package doors

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type meAnswer struct{ Body meBody }

type meBody struct {
	ID     string          `json:"id" doc:"the user's id"`
	UserID string          `json:"user_id"`
	OrgID  *string         `json:"org_id"`
	Realm  string          `json:"realm" doc:"the user's; ids are of one realm"`
	Key    keyBody         `json:"key"`
	Token  web.VerdictBody `json:"token" doc:"the user's best offline token; it does not matter for the key"`
}

type keyBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind" enum:"system,user,legacy"`
}

// me says whose the key is. 200 also when the user's token is dead: that is what logout is.
func (s *Service) me(mux *http.ServeMux, api huma.API) {
	op := web.Operation(http.MethodGet, "/api/v1/users/me", "Who holds this API key", web.SmallBody)
	huma.Register(api, op, func(context.Context, *web.PinInput) (*meAnswer, error) { return nil, nil }) // described only
	mux.HandleFunc(op.Method+" "+op.Path, s.tellHolder)
}

func (s *Service) tellHolder(w http.ResponseWriter, r *http.Request) {
	loads := s.Gate.Known.Loads()
	rec, bad := s.Gate.Holder(r, web.Pinned(r), w.Header())
	_, verdict, _ := s.Gate.Known.Best(rec.Realm, rec.User, "", nil)
	if bad == nil {
		bad = s.Gate.Steady(loads)
	}
	if bad != nil {
		bad.Write(w)
		return
	}
	web.Answer(w, &meBody{
		ID: rec.User, UserID: rec.User, OrgID: web.Text(rec.Org), Realm: rec.Realm,
		Key: keyBody{rec.ID, gate.ShownName(rec), string(rec.Kind)}, Token: web.BodyOf(verdict),
	})
}
