// Package doors is how the gate's decisions are asked for over HTTP: by a key's holder, by gateways and by backends.
package doors

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// Service answers the calls that only decide.
type Service struct {
	Gate *gate.Gate
	Door *web.Door
}

// Register adds its calls: to mux the ones that are made for each request of a user, and to api all others, and the
// description of all.
func (s *Service) Register(mux *http.ServeMux, api huma.API) {
	s.health(api)
	s.me(mux, web.Described(api))
	s.decide(api)
	s.authorize(mux, web.Described(api))
	s.introspection(api)
}
