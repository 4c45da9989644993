package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type healthAnswer struct {
	Body struct {
		Status                string `json:"status" enum:"ok,starting"`
		ServiceAuthConfigured bool   `json:"service_auth_configured" doc:"a service credential for this realm exists"`
	}
}

// health is for backends that ask before they mint; load balancers use /readyz.
func (s *Server) health(api huma.API) {
	op := operation(http.MethodGet, "/api/service/health", "Whether service credentials can be used", maxSmallBody)
	huma.Register(api, op, func(context.Context, *struct{}) (*healthAnswer, error) {
		var a healthAnswer
		a.Body.Status = "ok"
		if ready, _ := s.Known.Ready(); !ready {
			a.Body.Status = "starting"
		}
		for _, k := range s.Known.ServiceKeys() {
			a.Body.ServiceAuthConfigured = a.Body.ServiceAuthConfigured || s.Realms.serve(k.Realm)
		}
		return &a, nil
	})
}
