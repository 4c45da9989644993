package doors

import (
	"context"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// gatewayMethods: some gateways ask with the method of the request that they hold (Traefik's
// preserveRequestMethod, Envoy over HTTP). The answer is the same for all.
var gatewayMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// describedMethods is how many of them /openapi.json describes: for the others nothing differs.
const describedMethods = 3

// authorize answers forward-auth calls, such as nginx's auth_request and Traefik's forwardAuth.
// A gateway sends its users' headers and bodies, whatever they are; only the key in them counts.
func (s *Service) authorize(api huma.API) {
	for i, method := range gatewayMethods {
		op := web.Operation(method, "/v1/authorize", "Whether a gateway may let a request pass, and whose it is", web.SmallBody)
		op.Middlewares, op.Hidden = huma.Middlewares{s.answerGateway}, i >= describedMethods
		op.Responses = map[string]*huma.Response{"200": {Description: "It may pass. An empty header clears the gateway's.", Headers: identityHeaders()}}
		huma.Register(api, op, func(context.Context, *web.PinInput) (*struct{}, error) { return nil, nil }) // headers only
	}
}

func (s *Service) answerGateway(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	p := s.Gate.Check(r.Context(), gate.Asked{Header: r.Header, Peer: r.RemoteAddr, Realms: web.Pinned(r)})
	for _, i := range p.Identity {
		w.Header().Set(i.Name, i.Value)
	}
	maps.Copy(w.Header(), p.Ages)
	w.Header().Set(gate.HeaderReason, "") // a caller's own must not look like ours
	if p.Refused != nil {
		w.Header().Set(gate.HeaderReason, p.Refused.Reason)
		p.Refused.Write(w)
		return
	}
	next(ctx)
}

func identityHeaders() map[string]*huma.Param {
	described := map[string]*huma.Param{}
	for name, what := range map[string]string{
		gate.HeaderRealm: "the realm of the key's owner",
		gate.HeaderUser:  "the key's owner", gate.HeaderOrg: "the key's organization", gate.HeaderKey: "the key's id, not the key",
		gate.HeaderKind: "system, user or legacy", gate.HeaderToken: "of the owner's best offline token: usable, suspended, revoked or unknown",
	} {
		described[name] = &huma.Param{Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return described
}
