package authapi

import (
	"context"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// HeaderReason tells a gateway why a request may not pass, in the body's own word: nginx drops the
// body of the check.
const HeaderReason = "X-Auth-Reason"

// gatewayMethods: some gateways ask with the method of the request that they hold (Traefik's
// preserveRequestMethod, Envoy over HTTP). The answer is the same for all.
var gatewayMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// describedMethods is how many of them /openapi.json describes: for the others nothing differs.
const describedMethods = 3

// authorize answers forward-auth calls, such as nginx's auth_request and Traefik's forwardAuth.
// A gateway sends its users' headers and bodies, whatever they are; only the key in them counts.
func (s *Server) authorize(api huma.API) {
	for i, method := range gatewayMethods {
		op := operation(method, "/v1/authorize", "Whether a gateway may let a request pass, and whose it is", maxSmallBody)
		op.Middlewares, op.Hidden = huma.Middlewares{s.answerGateway}, i >= describedMethods
		op.Responses = map[string]*huma.Response{"200": {Description: "It may pass. An empty header clears the gateway's.", Headers: identityHeaders()}}
		huma.Register(api, op, func(context.Context, *pinInput) (*struct{}, error) { return nil, nil }) //nolint:nilnil // headers only
	}
}

func (s *Server) answerGateway(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	p := s.gate(r.Context(), Asked{Header: r.Header, Peer: r.RemoteAddr, Realms: pinned(r)})
	for _, i := range p.Identity {
		w.Header().Set(i.Name, i.Value)
	}
	maps.Copy(w.Header(), p.Ages)
	w.Header().Set(HeaderReason, "") // a caller's own must not look like ours
	if p.Refused != nil {
		w.Header().Set(HeaderReason, p.Refused.Reason)
		p.Refused.write(w)
		return
	}
	next(ctx)
}

// pinned are the realms, at most one, that a gateway says its keys are of.
func pinned(r *http.Request) []string { return r.URL.Query()["realm"] }

// pinInput describes what pinned reads.
type pinInput struct {
	Realm string `query:"realm" maxLength:"255" doc:"a key of another realm than this is unknown"`
}

func identityHeaders() map[string]*huma.Param {
	described := map[string]*huma.Param{}
	for name, what := range map[string]string{
		HeaderRealm: "the realm of the key's owner",
		HeaderUser:  "the key's owner", HeaderOrg: "the key's organization", HeaderKey: "the key's id, not the key",
		HeaderKind: "system, user or legacy", HeaderToken: "of the owner's best offline token: usable, suspended, revoked or unknown",
	} {
		described[name] = &huma.Param{Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return described
}
