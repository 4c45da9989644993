package doors

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type healthAnswer struct {
	Body struct {
		Status                string `json:"status" enum:"ok,starting"`
		ServiceAuthConfigured bool   `json:"service_auth_configured" doc:"a service credential for this realm exists"`
	}
}

// health is for backends that ask before they mint; load balancers use /readyz.
func (s *Service) health(api huma.API) {
	op := web.Operation(http.MethodGet, "/api/service/health", "Whether service credentials can be used", web.SmallBody)
	huma.Register(api, op, func(context.Context, *struct{}) (*healthAnswer, error) {
		var a healthAnswer
		a.Body.Status = "ok"
		if ready, _ := s.Gate.Known.Ready(); !ready {
			a.Body.Status = "starting"
		}
		for _, k := range s.Gate.Known.ServiceKeys() {
			a.Body.ServiceAuthConfigured = a.Body.ServiceAuthConfigured || s.Gate.Realms.Serve(k.Realm)
		}
		return &a, nil
	})
}
