// Package doors is how the gate's decisions are asked for over HTTP: by a key's holder, by gateways and by backends.
package doors

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// Service answers the calls that only decide.
type Service struct {
	Gate *gate.Gate
	Door *web.Door
}

// Register adds its calls.
func (s *Service) Register(api huma.API) {
	s.health(api)
	s.me(api)
	s.decide(api)
	s.authorize(api)
	s.introspection(api)
}
