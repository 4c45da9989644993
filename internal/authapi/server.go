package authapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/authapi/admin"
	"github.com/tokenstate/tokenstate/internal/authapi/apidoc"
	"github.com/tokenstate/tokenstate/internal/authapi/doors"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/keys"
	"github.com/tokenstate/tokenstate/internal/authapi/notices"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// Server answers over HTTP.
type Server struct {
	Gate    *gate.Gate
	Door    *web.Door
	Tokens  *tokens.Service
	Keys    *keys.Service
	Admin   *admin.Service
	Notices *notices.Service

	doors *doors.Service
	docs  bool // the description is served for browsers, too
}

// Handler is the whole HTTP interface.
func (s *Server) Handler() (http.Handler, error) {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("tokenstate authapi", "1")
	// huma's own pages come from a public CDN, and its $schema member from the Host header.
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Formats = web.Formats()
	api := humago.New(mux, config)
	s.doors.Register(mux, api)
	s.Tokens.Register(api)
	s.Keys.Register(api)
	s.Admin.Register(api)
	s.Notices.Register(api)
	web.Describe(api.OpenAPI())
	apidoc.Complete(api.OpenAPI())
	if err := apidoc.Register(mux, api.OpenAPI(), s.docs); err != nil {
		return nil, err
	}
	return s.Door.Guarded(s.Door.Bounded(web.AnswerInProblems(mux))), nil
}

// Run writes behind what requests left to write, until ctx ends; then it ends the streams. Call Flush after the last one.
func (s *Server) Run(ctx context.Context) error {
	defer s.Notices.Stop()
	tick := time.NewTicker(gate.UseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.Flush(ctx)
		case <-s.Door.Trail.Woken():
			s.Door.Trail.Flush(ctx, &s.Gate.Logger)
		}
	}
}

// Flush writes all that is held now.
func (s *Server) Flush(ctx context.Context) {
	s.Gate.Uses.Flush(ctx, &s.Gate.Logger)
	s.Door.Trail.Flush(ctx, &s.Gate.Logger)
}
