package authapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Server answers. All fields but Now and StandingMaxAge are needed.
type Server struct {
	Realms   Realms
	Known    *projection.Projection
	Tokens   Tokens
	Turns    Turns
	Keys     Keys
	Orders   Orders
	Stories  Stories
	Logouts  Logouts
	Arrivals Arrivals
	Peppers  apikey.Peppers
	Master   secret.Text // system keys are derived from it
	Metrics  *Metrics
	Logger   zerolog.Logger

	LogoutTokens LogoutTokens // of all realms

	AppName        string        // the application's, in messages to users
	StandingMaxAge time.Duration // strict: keys are undecidable when owners are known less freshly; 0: best effort
	BlindReuse     time.Duration // of an access token while Keycloak is not known about; 0: a minute
	NoKeyPasses    bool          // a gateway's request without a key may pass, without an identity
	Now            func() time.Time
	Clock          func() time.Time // the database's, by which all else is dated; nil: Now

	KeyParts

	MaxRequests int // at once; 0: 20,000

	Settle time.Duration // how long a refresh of unknown outcome may still be at work in Keycloak; 0: 5 s

	load   load
	access accessTokens
	looks  singleflight.Group
	links  singleflight.Group
}

// Bounds of what one request may bring.
const (
	maxSmallBody  = 4 << 10
	maxTokenBody  = 32 << 10
	maxDecideBody = 1 << 20
	bodyTimeout   = 10 * time.Second
)

// Handler is the whole HTTP interface.
func (s *Server) Handler() http.Handler {
	s.access.init()
	s.load.init(s.MaxRequests)
	mux := http.NewServeMux()
	config := huma.DefaultConfig("tokenstate authapi", "1")
	// huma's own pages come from a public CDN, and its $schema member from the Host header.
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Formats = formats()
	api := humago.New(mux, config)
	s.health(api)
	s.me(api)
	s.systemKeys(api)
	s.offlineTokens(api)
	s.accessToken(api)
	s.decide(api)
	s.logout(api)
	s.standing(api)
	s.refreshOutcomes(api)
	s.explain(api)
	s.keyRoutes(api)
	s.authorize(api)
	s.backChannelLogout(api)
	s.integrations(api)
	s.events(api)
	describe(api.OpenAPI())
	return s.guarded(s.bounded(answerInProblems(mux)))
}

// operation is one call with its limits.
func operation(method, path, summary string, body int64) huma.Operation {
	return huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Summary: summary,
		MaxBodyBytes: body, BodyReadTimeout: bodyTimeout, DefaultStatus: http.StatusOK,
	}
}

func operationID(method, path string) string {
	id := []byte(method)
	for _, c := range []byte(path) {
		if c == '{' || c == '}' {
			continue
		}
		if c == '/' {
			c = '-'
		}
		id = append(id, c)
	}
	return string(id)
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// clock tells how old or how far off is what others have dated.
func (s *Server) clock() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return s.now()
}

// policy says what an owner must be known by for a key to pass.
func (s *Server) policy(now time.Time) apikey.Policy {
	if s.StandingMaxAge == 0 {
		return apikey.BestEffort()
	}
	return apikey.Strict(seconds(s.StandingMaxAge), s.Known.KnownUntil())
}

func (s *Server) log(ctx context.Context) *zerolog.Logger {
	if l := zerolog.Ctx(ctx); l.GetLevel() != zerolog.Disabled {
		return l
	}
	return &s.Logger
}
