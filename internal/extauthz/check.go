package extauthz

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcmeta "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/tracing"
)

// Gate is the decision, such as gate.Gate's.
type Gate interface {
	Admit(context.Context, gate.Asked) gate.Passage
}

// Authorization answers Envoy. A refusal is an answer and no error of the call.
type Authorization struct {
	auth.UnimplementedAuthorizationServer
	Gate Gate
}

// Check decides about one request.
func (a *Authorization) Check(ctx context.Context, in *auth.CheckRequest) (*auth.CheckResponse, error) {
	what := asked(ctx, in.GetAttributes())
	ctx, traced := tracing.Decided(ctx, traceparent(ctx, what.Header))
	p := a.Gate.Admit(withRequest(ctx, what.Header), what)
	if p.Refused != nil {
		traced(p.Refused.Status, p.Refused.Reason)
		return refusal(p), nil //nolint:nilerr // the refusal is the answer
	}
	traced(http.StatusOK, "")
	ok := &auth.OkHttpResponse{
		Headers: make([]*core.HeaderValueOption, 0, len(p.Identity)), HeadersToRemove: make([]string, 0, len(p.Identity)+2),
	}
	for _, i := range p.Identity {
		if i.Value == "" { // Envoy sets no empty header
			ok.HeadersToRemove = append(ok.HeadersToRemove, i.Name)
			continue
		}
		ok.Headers = append(ok.Headers, overwrite(i.Name, i.Value))
	}
	ok.HeadersToRemove = append(ok.HeadersToRemove, gate.HeaderReason) // a caller's own must not look like ours
	if p.Used != "" {
		ok.HeadersToRemove = append(ok.HeadersToRemove, p.Used)
	}
	return &auth.CheckResponse{
		Status: &rpc.Status{Code: int32(codes.OK)}, HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: ok}, DynamicMetadata: metadata(p),
	}, nil
}

// asked is what authapi is asked. The realm is the configuration's word, in Envoy's per-route
// context_extensions, and not the caller's.
func asked(ctx context.Context, at *auth.AttributeContext) gate.Asked {
	out := gate.Asked{Header: headers(at.GetRequest().GetHttp()), Peer: source(ctx, at.GetSource())}
	if realm, ok := at.GetContextExtensions()["realm"]; ok {
		out.Realms = []string{realm}
	}
	return out
}

// traceparent is Envoy's own, where it traces, and else what its caller sent.
func traceparent(ctx context.Context, h http.Header) string {
	const name = "traceparent"
	if own := grpcmeta.ValueFromIncomingContext(ctx, name); len(own) > 0 {
		return own[0]
	}
	return h.Get(name)
}

// withRequest takes the id that Envoy gives each request, or takes over: it is in Envoy's access log, and may be in
// the caller's answer.
func withRequest(ctx context.Context, h http.Header) context.Context {
	id := redact.RequestID(h.Get("X-Request-Id"))
	if id == "" {
		return ctx
	}
	return gate.WithRequest(ctx, id, "")
}

// source is who is connected to Envoy; if Envoy does not say it, who is connected to us.
func source(ctx context.Context, from *auth.AttributeContext_Peer) string {
	if at := from.GetAddress().GetSocketAddress(); at.GetAddress() != "" {
		return net.JoinHostPort(at.GetAddress(), strconv.FormatUint(uint64(at.GetPortValue()), 10))
	}
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return ""
}

// headers are those of Envoy's request. With encode_raw_headers each stands as it was sent;
// without, two of one name come as one with a comma, which is no key.
func headers(r *auth.AttributeContext_HttpRequest) http.Header {
	h := make(http.Header, len(r.GetHeaders())+len(r.GetHeaderMap().GetHeaders()))
	for name, value := range r.GetHeaders() {
		h.Add(name, value)
	}
	for _, one := range r.GetHeaderMap().GetHeaders() {
		value := one.GetValue()
		if raw := one.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		h.Add(one.GetKey(), value)
	}
	return h
}

// overwrite never appends: the caller's own identity headers must not survive.
func overwrite(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{
		Header:       &core.HeaderValue{Key: name, Value: value},
		AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// refusal is a denied response, undecidable or not: Envoy's own error handling would lose the
// status, Retry-After and the reason. After a panic the passage knows nothing but that.
func refusal(passage gate.Passage) *auth.CheckResponse {
	p := passage.Refused
	body, err := json.Marshal(p)
	if err != nil {
		body = nil // a problem holds texts and times only
	}
	denied := &auth.DeniedHttpResponse{
		Status: &kind.HttpStatus{Code: kind.StatusCode(p.Status)}, Body: string(body),
		Headers: []*core.HeaderValueOption{
			overwrite("Content-Type", p.ContentType("")), overwrite("Cache-Control", "no-store"),
			overwrite(gate.HeaderReason, p.Reason),
		},
	}
	for _, given := range []http.Header{p.GetHeaders(), passage.Ages} {
		for _, name := range sortedNames(given) {
			denied.Headers = append(denied.Headers, overwrite(name, given.Get(name)))
		}
	}
	known := metadata(passage)
	known.Fields["reason"] = structpb.NewStringValue(p.Reason)
	if p.KeyID != "" {
		known.Fields["key_id"], known.Fields["user_id"] = structpb.NewStringValue(p.KeyID), structpb.NewStringValue(passage.RefusedUser)
	}
	return &auth.CheckResponse{
		Status:       &rpc.Status{Code: int32(codeOf(p.Status)), Message: p.Reason},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: denied}, DynamicMetadata: known,
	}
}

func sortedNames(h http.Header) []string {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func codeOf(status int) codes.Code {
	switch status {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusBadRequest:
		return codes.InvalidArgument
	default:
		return codes.Unavailable
	}
}

// metadata is for Envoy's access log and its later filters: user_id, key_id and so on.
func metadata(p gate.Passage) *structpb.Struct {
	fields := make(map[string]*structpb.Value, len(p.Identity)+len(p.Ages))
	add := func(name, value string) {
		if value != "" {
			fields[fieldOf(name)] = structpb.NewStringValue(value)
		}
	}
	for _, i := range p.Identity {
		add(i.Name, i.Value)
	}
	for name := range p.Ages {
		add(name, p.Ages.Get(name))
	}
	return &structpb.Struct{Fields: fields}
}

// fields are the names of metadata by those of headers. There are few headers, and each is named at each request.
var fields sync.Map

func fieldOf(header string) string {
	if name, ok := fields.Load(header); ok {
		return name.(string) //nolint:forcetypeassert // only texts are stored, below
	}
	name := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(header), "x-auth-"), "x-")
	name = strings.ReplaceAll(name, "-", "_")
	fields.Store(header, name)
	return name
}
