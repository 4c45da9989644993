package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/extauthz"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var identityNames = []string{"X-Auth-Realm", gate.HeaderUser, gate.HeaderOrg, gate.HeaderKey, gate.HeaderKind, gate.HeaderToken}

// envoy is a client of the world's ext_authz, as Envoy is one.
type envoy struct {
	t    testing.TB
	auth auth.AuthorizationClient
	conn *grpc.ClientConn
}

func (w *world) envoy() *envoy {
	w.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	must(w.t, err)
	addr := l.Addr().String()
	must(w.t, l.Close())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ready := func() (bool, string) { return w.server.Gate.Known.Ready() } // as it is then: a test may take it away
	go func() {
		done <- (&extauthz.Server{Gate: w.server.Gate, Ready: ready, Failed: w.server.Gate.Panicked, Logger: w.server.Gate.Logger}).Serve(ctx, addr)
	}()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	must(w.t, err)
	w.t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		must(w.t, <-done)
	})
	return &envoy{w.t, auth.NewAuthorizationClient(conn), conn}
}

// check sends headers as Envoy does with encode_raw_headers.
func (e *envoy) check(headers ...string) *auth.CheckResponse {
	e.t.Helper()
	return e.ask(httpRequest(headers))
}

func httpRequest(headers []string) *auth.AttributeContext_HttpRequest {
	m := &core.HeaderMap{}
	for i := 0; i+1 < len(headers); i += 2 {
		m.Headers = append(m.Headers, &core.HeaderValue{Key: strings.ToLower(headers[i]), RawValue: []byte(headers[i+1])})
	}
	return &auth.AttributeContext_HttpRequest{Method: http.MethodGet, Path: "/x", HeaderMap: m}
}

func (e *envoy) ask(r *auth.AttributeContext_HttpRequest) *auth.CheckResponse {
	e.t.Helper()
	out, err := e.auth.Check(e.t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{Http: r}}})
	must(e.t, err)
	return out
}

// Ensure all gateways get the same answer: the status, the reason and the identity.
func TestGatewaysAgree(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("automation"), w.envoy()
	w.put(offline("s", now())).want(t, http.StatusCreated)
	bearer := []string{"Authorization", "Bearer " + key}
	refused := func(status int, reason string, headers ...string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
			w.ask(method, "/v1/authorize", nil, headers...).want(t, status, "reason", reason)
		}
		r := w.ask(http.MethodHead, "/v1/authorize", nil, headers...)
		d := e.check(headers...).GetDeniedResponse()
		var p problem.Problem
		must(t, json.Unmarshal([]byte(d.GetBody()), &p))
		if r.status != status || int(d.GetStatus().GetCode()) != status || p.Reason != reason {
			t.Errorf("HEAD says %d, Envoy hears %v %s, want %d %s", r.status, d.GetStatus(), d.GetBody(), status, reason)
		}
		if strings.Contains(d.GetBody(), key) {
			t.Error("the key is shown")
		}
		said := r.header.Get(gate.HeaderReason)
		if reason != "internal" && said != reason || headerOf(d.GetHeaders(), gate.HeaderReason) != reason {
			t.Errorf("HEAD's reason is %q, Envoy's %v, want %s", said, d.GetHeaders(), reason)
		}
	}
	admitted := func(used string, state string, headers ...string) {
		t.Helper()
		r := w.ask(http.MethodGet, "/v1/authorize", nil, headers...).want(t, http.StatusOK)
		want := []string{"demo", "u", "o", key[6:16], "system", state}
		ok := e.check(headers...).GetOkResponse()
		for i, name := range identityNames {
			if r.header.Get(name) != want[i] {
				t.Errorf("%s is %q, want %q", name, r.header.Get(name), want[i])
			}
			h := ok.GetHeaders()[i]
			if h.GetHeader().GetKey() != name || h.GetHeader().GetValue() != want[i] || h.GetAppendAction() != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
				t.Errorf("Envoy is told %v", h)
			}
		}
		if !slices.Equal(ok.GetHeadersToRemove(), []string{gate.HeaderReason, used}) {
			t.Errorf("Envoy strips %v, want a caller's own reason, and %s", ok.GetHeadersToRemove(), used)
		}
		if said, set := r.header[gate.HeaderReason]; !set || said[0] != "" {
			t.Errorf("an admitted request keeps its caller's own reason: %q", said)
		}
	}
	admitted("Authorization", "usable", bearer...)
	admitted("Authorization", "usable", append(bearer, "X-Auth-User-Id", "root", "X-Session-API-Key", "other")...)
	admitted("X-Session-API-Key", "usable", "X-Session-API-Key", key)
	admitted("X-Access-Token", "usable", "X-Access-Token", key)
	// Basic may be an ingress's; the key stands in its own header then.
	admitted("X-Session-API-Key", "usable", "Authorization", "Basic dTpw", "X-Session-API-Key", key)
	admitted("Authorization", "usable", "Authorization", "bearer   "+key, "X-Auth-Reason", "mine")
	// Traefik's and nginx's own headers change nothing.
	admitted("Authorization", "usable", append(bearer, "X-Forwarded-Method", "DELETE", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "h", "X-Forwarded-Uri", "/a?b", "X-Forwarded-For", "192.0.2.1", "X-Original-URI", "/")...)

	refused(http.StatusUnauthorized, "unknown")
	refused(http.StatusUnauthorized, "unknown", "Authorization", "Basic dTpw")
	refused(http.StatusUnauthorized, "unknown", append(bearer, bearer...)...)
	refused(http.StatusUnauthorized, "unknown", "Authorization", "Bearer "+key[:len(key)-1]+otherThan(key[len(key)-1]))
	refused(http.StatusForbidden, "wrong_organization", append(bearer, "X-Org-Id", "another")...)
	w.learn(cut("c"))
	admitted("Authorization", "revoked", bearer...) // logout stops refreshes and not keys
	w.learn(standing(tokenstate.Millis(now())*1000, func(s *tokenstate.Standing) { s.Disabled = true }))
	refused(http.StatusUnauthorized, "user_disabled", bearer...)
	w.server.Gate.Known = nil
	refused(http.StatusServiceUnavailable, "internal", bearer...)
	if strings.Contains(w.log.String(), key[17:40]) {
		t.Error("the log shows the key")
	}
}

// Ensure an answer of the gate says how fresh it is, the refusals too.
func TestGatewaysHearTheAge(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("a"), w.envoy()
	for name, answer := range map[string]*auth.CheckResponse{"admitted": e.check("X-Access-Token", key), "refused": e.check()} {
		said := answer.GetDynamicMetadata().GetFields()
		if said["tokenstate_version"].GetStringValue() == "" || said["tokenstate_age_ms"].GetStringValue() == "" {
			t.Errorf("%s: metadata %v", name, said)
		}
	}
	d, r := e.check().GetDeniedResponse(), w.ask(http.MethodGet, "/v1/authorize", nil)
	for _, name := range []string{"Tokenstate-Version", "Tokenstate-Age-Ms"} {
		if headerOf(d.GetHeaders(), name) == "" || r.header.Get(name) == "" {
			t.Errorf("%s: Envoy's caller hears %v, nginx %v", name, d.GetHeaders(), r.header)
		}
	}
	if e.check().GetDynamicMetadata().GetFields()["reason"].GetStringValue() != "unknown" {
		t.Error("the reason is not in the metadata")
	}
}

func headerOf(all []*core.HeaderValueOption, name string) string {
	for _, h := range all {
		if h.GetHeader().GetKey() == name {
			return h.GetHeader().GetValue()
		}
	}
	return ""
}

// otherThan is a digit of a checksum that is not this one.
func otherThan(digit byte) string { return map[bool]string{true: "y", false: "x"}[digit == 'x'] }

// Ensure a body, of whatever kind and size, does not matter to the answer.
func TestAuthorizeIgnoresBodies(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	for _, body := range []string{"{", strings.Repeat("x", 100<<10)} {
		w.ask(http.MethodPost, "/v1/authorize", body, "Authorization", "Bearer "+key, "Content-Type", "text/odd").want(t, http.StatusOK)
	}
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} { // Traefik may keep the method
		w.ask(method, "/v1/authorize", nil, "Authorization", "Bearer "+key).want(t, http.StatusOK)
		w.ask(method, "/v1/authorize", nil).want(t, http.StatusUnauthorized)
	}
}

// Ensure what is no key passes only if that is configured, without an identity; and that a
// mistyped or refused key never does.
func TestNoKeyPasses(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("a"), w.envoy()
	w.server.Gate.NoKeyPasses = true
	for name, headers := range map[string][]string{
		"nothing": {}, "basic": {"Authorization", "Basic dTpw"}, "long": {"Authorization", "Bearer " + strings.Repeat("x", 300)},
		"JWT": {"Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.c2ln"},
	} {
		headers = append(headers, "X-Auth-User-Id", "root")
		r := w.ask(http.MethodGet, "/v1/authorize", nil, headers...).want(t, http.StatusOK)
		ok := e.check(headers...).GetOkResponse()
		if !slices.Equal(ok.GetHeadersToRemove(), append(slices.Clone(identityNames), gate.HeaderReason)) || len(ok.GetHeaders()) > 0 {
			t.Errorf("%s: Envoy sets %v and removes %v", name, ok.GetHeaders(), ok.GetHeadersToRemove())
		}
		for _, h := range identityNames {
			if values, set := r.header[h]; !set || values[0] != "" {
				t.Errorf("%s: %s is not cleared: %q", name, h, values)
			}
		}
	}
	for name, headers := range map[string][]string{
		"mistyped": {"Authorization", "Bearer " + key[:len(key)-1] + "x"}, "legacy": {"Authorization", "Bearer sk-oh-" + strings.Repeat("a", 32)},
		"twice": {"Authorization", "Basic a", "Authorization", "Basic b"}, "cut short": {"X-Access-Token", key[:20]},
	} {
		if r := w.ask(http.MethodGet, "/v1/authorize", nil, headers...); r.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}

// Ensure headers that Envoy has joined, or sends as a map, are read; and two keys in one are none.
func TestEnvoyMapOfHeaders(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("a"), w.envoy()
	one := e.ask(&auth.AttributeContext_HttpRequest{Headers: map[string]string{"authorization": "Bearer " + key}})
	if one.GetStatus().GetCode() != int32(codes.OK) || one.GetDynamicMetadata().GetFields()["user_id"].GetStringValue() != "u" {
		t.Errorf("a map: %v", one)
	}
	two := e.ask(&auth.AttributeContext_HttpRequest{Headers: map[string]string{"authorization": "Bearer " + key + ",Bearer " + key}})
	if two.GetStatus().GetCode() != int32(codes.Unauthenticated) {
		t.Errorf("two joined: %v", two)
	}
	if none := e.ask(nil); none.GetStatus().GetCode() != int32(codes.Unauthenticated) {
		t.Errorf("no request at all: %v", none)
	}
}

// Ensure Envoy's health checks say what /readyz says.
func TestEnvoyHealth(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	h, err := grpc_health_v1.NewHealthClient(e.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: auth.Authorization_ServiceDesc.ServiceName})
	must(t, err)
	if h.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("ready, and yet %v", h.GetStatus())
	}
}

// Ensure an id that would arrive as another one is not sent.
func TestIdentityThatNoHeaderCarries(t *testing.T) {
	w := newWorld(t)
	r := w.backend(http.MethodPost, "/api/service/users/u%20/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "a"}).want(t, http.StatusOK)
	key, _ := r.body["key"].(string)
	w.ask(http.MethodGet, "/v1/authorize", nil, "Authorization", "Bearer "+key).want(t, http.StatusForbidden, "reason", "identity_not_sendable")
}

// Ensure ids that are not ASCII arrive percent-encoded, at nginx and at Envoy alike: Node and Java read
// a raw one as Latin-1, and would take it for another id.
func TestIdentityBeyondASCII(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	r := w.backend(http.MethodPost, "/api/service/users/u/orgs/Gr%C3%B6%C3%9Fe%25%E5%9C%98/api-keys?wait_ms=5000", map[string]any{"name": "a"}).want(t, http.StatusOK)
	key, _ := r.body["key"].(string)
	const want = "Gr%C3%B6%C3%9Fe%25%E5%9C%98"
	if got := w.ask(http.MethodGet, "/v1/authorize", nil, "Authorization", "Bearer "+key).want(t, http.StatusOK).header.Get(gate.HeaderOrg); got != want {
		t.Errorf("the header says %q", got)
	}
	if got := headerOf(e.check("Authorization", "Bearer "+key).GetOkResponse().GetHeaders(), gate.HeaderOrg); got != want {
		t.Errorf("Envoy is told %q", got)
	}
}
