// Package keys makes, lists, rotates and ends API keys, and keeps who belongs to which organization.
package keys

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Service answers the calls about keys.
type Service struct {
	Gate *gate.Gate
	Door *web.Door

	System  SystemKeys
	Users   UserKeys
	Members Members
	Orders  orders.Store

	Master     secret.Text   // system keys are derived from it
	OldMasters []secret.Text // that system keys may still be derived from
}

// Register adds its calls.
func (s *Service) Register(api huma.API) {
	s.systemKeys(api)
	s.userKeys(api)
	s.members(api)
}

// madeBy is what a key's row, an order and the audit call a credential.
func madeBy(caller projection.ServiceKey) string { return "service:" + caller.Name }
