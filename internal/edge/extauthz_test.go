//go:build edge

package edge

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// extauthz asks the real process at AUTHAPI_EXTAUTHZ_ADDR, as Envoy does.
func (s *system) extauthz(t *testing.T) {
	e := envoyOf(t, s.stack.Env.AuthapiExtauthzAddr)
	in := e.check(t, http.StatusOK, "authorization", "Bearer "+s.key, "x-auth-user-id", "root")
	if set := in.GetOkResponse().GetHeaders(); headerOf(set, "X-Auth-User-Id") != s.user || headerOf(set, "X-Auth-Key-Kind") != "system" {
		t.Errorf("the application would see %v", set)
	}
	if out := in.GetOkResponse().GetHeadersToRemove(); !slices.Equal(out, []string{"X-Auth-Reason", "Authorization"}) {
		t.Errorf("taken out: %v", out)
	}
	for name, headers := range map[string][]string{
		"a bad key": {"authorization", "Bearer " + s.key[:len(s.key)-1]}, "another secret": {"x-access-token", s.key[:17] + strings.Repeat("0", 49)}, "none": nil,
	} {
		d := e.check(t, http.StatusUnauthorized, headers...).GetDeniedResponse()
		if headerOf(d.GetHeaders(), "X-Auth-Reason") != "unknown" || headerOf(d.GetHeaders(), "Tokenstate-Version") == "" {
			t.Errorf("%s: %v", name, d)
		}
	}
	d := e.check(t, http.StatusForbidden, "x-session-api-key", s.key, "x-org-id", "another").GetDeniedResponse()
	if headerOf(d.GetHeaders(), "X-Auth-Reason") != "wrong_organization" {
		t.Errorf("another organization: %v", d)
	}
	h, err := grpc_health_v1.NewHealthClient(e.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: auth.Authorization_ServiceDesc.ServiceName})
	must(t, err)
	if h.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v", h)
	}
}

type envoyClient struct{ conn *grpc.ClientConn }

func envoyOf(t *testing.T, addr string) envoyClient {
	t.Helper()
	if addr == "" {
		t.Fatal("the stack serves no gRPC: AUTHAPI_EXTAUTHZ_ADDR is empty")
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return envoyClient{conn}
}

// check asks about a request with these headers, and says what its caller would hear.
func (e envoyClient) check(t *testing.T, want int, headers ...string) *auth.CheckResponse {
	t.Helper()
	m := &core.HeaderMap{}
	for i := 0; i+1 < len(headers); i += 2 {
		m.Headers = append(m.Headers, &core.HeaderValue{Key: headers[i], RawValue: []byte(headers[i+1])})
	}
	out, err := auth.NewAuthorizationClient(e.conn).Check(t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{Method: http.MethodGet, Path: "/x", HeaderMap: m}},
	}})
	must(t, err)
	status := int(out.GetDeniedResponse().GetStatus().GetCode())
	if out.GetOkResponse() != nil {
		status = http.StatusOK
	}
	if status != want {
		t.Errorf("Envoy hears %d, want %d: %v", status, want, out)
	}
	return out
}

func headerOf(all []*core.HeaderValueOption, name string) string {
	for _, h := range all {
		if h.GetHeader().GetKey() == name {
			return h.GetHeader().GetValue()
		}
	}
	return ""
}
