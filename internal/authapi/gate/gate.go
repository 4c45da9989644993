// Package gate decides who may pass: the holder of an API key, and a service credential. It decides from the projection
// in memory, and knows no framework: HTTP's calls, gateways' checks and Envoy's protocol ask it alike.
package gate

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/refusals"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Config is what a gate decides by. Realms, Known, Peppers, Metrics and Logger are needed.
type Config struct {
	Realms  idp.Realms
	Known   *projection.Projection
	Peppers apikey.Peppers
	Metrics *Metrics
	Logger  zerolog.Logger

	StandingMaxAge time.Duration // strict: keys are undecidable when owners are known less freshly; 0: best effort
	CheckMembers   bool          // a key with an organization needs its owner's membership
	NoKeyPasses    bool          // a gateway's request without a key may pass, without an identity

	Uses   *Uses   // nil: nobody hears of a use
	Limits *Limits // nil: none

	Now   func() time.Time // this machine's time; nil: time.Now
	Clock func() time.Time // the database's, by which all else is dated; nil: Now

	MaxRequests int // at once; 0: 20,000
}

// Gate decides. Its Config may be changed until the first request.
type Gate struct {
	Config

	Load     *Load
	Refusals refusals.Ring
	looks    singleflight.Group
}

// New makes a gate, or says what it lacks.
func New(c Config) (*Gate, error) {
	switch {
	case c.Known == nil:
		return nil, errors.New("a gate needs the projection that it decides from")
	case len(c.Peppers) == 0:
		return nil, errors.New("a gate needs the peppers of keys' digests")
	case len(c.Realms) == 0:
		return nil, errors.New("a gate needs a realm to serve")
	case c.Metrics == nil:
		return nil, errors.New("a gate needs metrics to count by")
	}
	return &Gate{Config: c, Load: newLoad(c.MaxRequests)}, nil
}

// LocalTime is this machine's, for what only this process compares.
func (g *Gate) LocalTime() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

// DatabaseTime tells how old or how far off is what others have dated.
func (g *Gate) DatabaseTime() time.Time {
	if g.Clock != nil {
		return g.Clock()
	}
	return g.LocalTime()
}

// Policy says what an owner must be known by for a key to pass.
func (g *Gate) Policy() apikey.Policy {
	if g.StandingMaxAge == 0 {
		return apikey.BestEffort()
	}
	return apikey.Strict(tokenstate.Seconds(g.StandingMaxAge/time.Second), g.Known.KnownUntil())
}

// Log is the request's logger, or else our own. It is made when something is to be said: of most requests nothing is.
func (g *Gate) Log(ctx context.Context) *zerolog.Logger {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return &g.Logger
	}
	with := g.Logger.With().Str("request", r.id)
	if r.method != "" {
		with = with.Str("method", r.method)
	}
	l := with.Logger()
	return &l
}
