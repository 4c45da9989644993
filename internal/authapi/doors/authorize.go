package doors

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

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
func (s *Service) authorize(mux *http.ServeMux, api huma.API) {
	for i, method := range gatewayMethods {
		op := web.Operation(method, "/v1/authorize", "Whether a gateway may let a request pass, and whose it is", web.SmallBody)
		op.Responses = map[string]*huma.Response{"200": {
			Description: "It may pass. An empty header clears the gateway's.",
			Headers:     identityHeaders(),
		}}
		if i < describedMethods {
			huma.Register(api, op, func(context.Context, *web.PinInput) (*struct{}, error) { return nil, nil }) // described only
		}
		mux.HandleFunc(op.Method+" "+op.Path, s.answerGateway)
	}
}

func (s *Service) answerGateway(w http.ResponseWriter, r *http.Request) {
	h, realms := w.Header(), web.Pinned(r)
	p := s.Gate.Check(r.Context(), gate.Asked{Header: r.Header, Peer: r.RemoteAddr, Realms: realms, Ages: h})
	values := make([]string, len(p.Identity)+1) // one piece of memory for all: the last one clears what a caller sent as ours
	for i, one := range p.Identity {
		values[i] = one.Value
		h[one.Name] = values[i : i+1 : i+1]
	}
	h[gate.HeaderReason] = values[len(values)-1:]
	bad := p.Refused
	if bad == nil {
		bad = web.MisPinned(realms)
	}
	if bad != nil {
		h.Set(gate.HeaderReason, bad.Reason)
		bad.Write(w)
		return
	}
	w.WriteHeader(http.StatusOK)
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
