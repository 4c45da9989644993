// Package admin is for whoever answers for a user: what is known and can proceed, how it came about, and orders.
package admin

import (
	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/condition"
)

// Service answers these calls.
type Service struct {
	Gate *gate.Gate
	Door *web.Door

	Orders   orders.Store
	Stories  Stories
	Arrivals Arrivals
	LogState LogState

	AppName string // the application's, in messages to users

	links singleflight.Group
	log   condition.Latest[condition.Log]
}

// Register adds its calls.
func (s *Service) Register(api huma.API) {
	s.standing(api)
	s.explain(api)
	s.refusals(api)
	s.integrations(api)
	s.events(api)
	s.status(api)
	s.byEmail(api)
}
