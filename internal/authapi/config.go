package authapi

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/authapi/admin"
	"github.com/tokenstate/tokenstate/internal/authapi/audit"
	"github.com/tokenstate/tokenstate/internal/authapi/doors"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/keys"
	"github.com/tokenstate/tokenstate/internal/authapi/notices"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Config is what the program answers with. What gate.Config and the services' fields do not call optional is needed.
type Config struct {
	Gate gate.Config

	Tokens       tokens.Store
	Turns        tokens.Turns
	Logouts      tokens.Logouts
	LogoutTokens tokens.LogoutTokens
	BlindReuse   time.Duration

	SystemKeys keys.SystemKeys
	UserKeys   keys.UserKeys
	Members    keys.Members
	Master     secret.Text
	OldMasters []secret.Text

	Orders   orders.Store
	Stories  admin.Stories
	Arrivals admin.Arrivals
	LogState admin.LogState
	Notices  notices.Store
	AppName  string
	Docs     bool // serve the description as a page, too
	Trail    *audit.Trail

	Registry prometheus.Registerer
}

// New puts the rooms together, or says what is missing.
func New(c Config) (*Server, error) {
	if c.Registry == nil {
		return nil, errors.New("authapi needs a registry for its metrics")
	}
	c.Gate.Metrics = gate.NewMetrics(c.Registry)
	g, err := gate.New(c.Gate)
	if err != nil {
		return nil, err
	}
	if c.Trail != nil {
		c.Registry.MustRegister(c.Trail.Lost)
	}
	d := &web.Door{Gate: g, Trail: c.Trail}
	return &Server{
		Gate: g, Door: d, doors: &doors.Service{Gate: g, Door: d}, docs: c.Docs,
		Tokens: tokens.New(tokens.Service{
			Gate: g, Door: d, Metrics: tokens.NewMetrics(c.Registry), Store: c.Tokens, Turns: c.Turns, Orders: c.Orders,
			Logouts: c.Logouts, LogoutTokens: c.LogoutTokens, BlindReuse: c.BlindReuse,
		}),
		Keys: &keys.Service{
			Gate: g, Door: d, System: c.SystemKeys, Users: c.UserKeys, Members: c.Members, Orders: c.Orders,
			Master: c.Master, OldMasters: c.OldMasters,
		},
		Admin: &admin.Service{
			Gate: g, Door: d, Orders: c.Orders, Stories: c.Stories, Arrivals: c.Arrivals, LogState: c.LogState, AppName: c.AppName,
		},
		Notices: notices.New(g, d, c.Notices),
	}, nil
}
