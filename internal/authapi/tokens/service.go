// Package tokens keeps users' offline tokens: it stores and tracks them, refreshes one only where that may succeed and
// once for all who ask, and ends sessions.
package tokens

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// Service answers the calls about offline tokens.
type Service struct {
	Gate    *gate.Gate
	Door    *web.Door
	Metrics *Metrics

	Store        Store
	Turns        Turns
	Orders       orders.Store
	Logouts      Logouts
	LogoutTokens LogoutTokens // of all realms

	BlindReuse time.Duration // of an access token while Keycloak is not known about; 0: a minute
	Settle     time.Duration // how long a refresh of unknown outcome may still be at work in Keycloak; 0: 5 s

	access *accessTokens
}

// New makes the service s ready to answer.
func New(s Service) *Service {
	s.access = newAccessTokens()
	return &s
}

// Register adds its calls.
func (s *Service) Register(api huma.API) {
	s.offlineTokens(api)
	s.accessToken(api)
	s.logout(api)
	s.refreshOutcomes(api)
	s.backChannelLogout(api)
}
