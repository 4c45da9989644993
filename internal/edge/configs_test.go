//go:build edge

package edge

import (
	"encoding/json"
	"slices"
	"testing"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	extauthz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// Ensure examples/envoy is a configuration by Envoy's own types and bounds, which a newer Envoy may be stricter about, and
// closed on failure.
func TestEnvoyConfiguration(t *testing.T) {
	raw, err := json.Marshal(load(t, "envoy", "envoy.yaml"))
	must(t, err)
	var b bootstrap.Bootstrap
	must(t, protojson.Unmarshal(raw, &b)) // an unknown field is a fault
	must(t, b.ValidateAll())
	var manager hcm.HttpConnectionManager
	must(t, b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(&manager))
	must(t, manager.ValidateAll())
	var filter extauthz.ExtAuthz
	for _, f := range manager.GetHttpFilters() {
		if f.GetName() == "envoy.filters.http.ext_authz" {
			must(t, f.GetTypedConfig().UnmarshalTo(&filter))
		}
	}
	must(t, filter.ValidateAll())
	if filter.GetFailureModeAllow() || filter.GetStatusOnError().GetCode() != kind.StatusCode_ServiceUnavailable || !filter.GetEncodeRawHeaders() ||
		filter.GetGrpcService().GetEnvoyGrpc().GetClusterName() != "authapi" {
		t.Errorf("ext_authz: %v", &filter)
	}
}

// Ensure examples/traefik names all identity headers and sends the check all that it reads.
func TestTraefikConfiguration(t *testing.T) {
	whole := load(t, "traefik", "dynamic.yaml")
	auth := at(whole, "http", "middlewares", "api-key", "forwardAuth")
	for list, want := range map[string][]string{
		"authResponseHeaders": {"X-Auth-Realm", "X-Auth-User-Id", "X-Auth-Org-Id", "X-Auth-Key-Id", "X-Auth-Key-Kind", "X-Offline-Token-State"},
		"authRequestHeaders":  {"Authorization", "X-Session-API-Key", "X-Access-Token", "X-Org-Id"},
	} {
		got, _ := at(auth, list).([]any)
		for _, name := range want {
			if !slices.Contains(got, any(name)) {
				t.Errorf("%s lacks %s", list, name)
			}
		}
	}
	if at(auth, "trustForwardHeader") != false {
		t.Error("what the caller forwards is trusted")
	}
	for i, c := range []struct{ router, header, value, strip string }{
		{"by-authorization", "Authorization", "(?i)^Bearer( |$)", "no-authorization"},
		{"by-session-key", "X-Session-API-Key", ".*", "no-session-key"},
		{"by-access-token", "X-Access-Token", ".*", "no-access-token"},
	} {
		router := at(whole, "http", "routers", c.router)
		stripped, _ := at(whole, "http", "middlewares", c.strip, "headers", "customRequestHeaders").(map[string]any)
		if at(router, "rule") != "HeaderRegexp(`"+c.header+"`, `"+c.value+"`)" || at(router, "priority") != 4-i || len(stripped) != 1 || stripped[c.header] != "" {
			t.Errorf("%s: %v, which takes out %v", c.router, router, stripped)
		}
	}
	routers, _ := at(whole, "http", "routers").(map[string]any)
	cleared, _ := at(whole, "http", "middlewares", "no-identity", "headers", "customRequestHeaders").(map[string]any)
	for _, name := range identity {
		if value, there := cleared[name]; !there || value != "" {
			t.Errorf("a preflight brings its own %s", name)
		}
	}
	for name, router := range routers {
		next := any("api-key")
		if name == "preflight" {
			next = "no-identity"
		}
		if used, _ := at(router, "middlewares").([]any); len(used) < 2 || used[1] != next {
			t.Errorf("%s does not have %s next after what nobody outside says is taken out: %v", name, next, used)
		}
	}
}
