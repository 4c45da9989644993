package edge

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// internal headers are what only authapi says, or what makes whoever reads it wait: from outside they reach neither
// authapi nor the application. identity are those that authapi's answer overwrites or removes.
var (
	internal = []string{"Tokenstate-Min-Version", "Tokenstate-Version", "Tokenstate-Age-Ms", "X-Auth-Reason"}
	identity = []string{"X-Auth-Realm", "X-Auth-User-Id", "X-Auth-Org-Id", "X-Auth-Key-Id", "X-Auth-Key-Kind", "X-Offline-Token-State"}
)

func example(t *testing.T, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "examples"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func load(t *testing.T, path ...string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal(example(t, path...), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at is what lies in v under names, and in lists under indices.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

// Ensure each example takes out of a request what nobody outside may say, before authapi is asked and for the application.
func TestInternalHeadersAreTakenOut(t *testing.T) {
	t.Run("Envoy", func(t *testing.T) {
		filters := at(load(t, "envoy", "envoy.yaml"), "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config", "http_filters")
		var removed []string
		for i := range internal {
			name, _ := at(filters, 0, "typed_config", "mutations", "request_mutations", i, "remove").(string)
			removed = append(removed, name)
		}
		for _, name := range internal {
			if !slices.Contains(removed, strings.ToLower(name)) {
				t.Errorf("%s is not removed by the first filter: %v", name, removed)
			}
		}
	})
	t.Run("Traefik", func(t *testing.T) {
		whole := load(t, "traefik", "dynamic.yaml")
		removed, _ := at(whole, "http", "middlewares", "no-internal", "headers", "customRequestHeaders").(map[string]any)
		want := slices.Clone(internal)
		for _, name := range append(slices.Clone(identity), "X-Auth-Reason") {
			want = append(want, spellings(name)...)
		}
		for _, name := range want {
			if value, there := removed[name]; !there || value != "" {
				t.Errorf("%s is not removed", name)
			}
		}
		routers, _ := at(whole, "http", "routers").(map[string]any)
		for name, router := range routers {
			if at(router, "middlewares", 0) != "no-internal" {
				t.Errorf("%s does not take them out first", name)
			}
		}
		asks, _ := at(whole, "http", "middlewares", "api-key", "forwardAuth", "authRequestHeaders").([]any)
		for _, name := range internal {
			if slices.Contains(asks, any(name)) {
				t.Errorf("authapi is sent %s", name)
			}
		}
	})
	t.Run("nginx", func(t *testing.T) {
		locations := regexp.MustCompile(`(?s)location (/|= /_authorize) \{.*?\n        \}`).FindAllString(string(example(t, "nginx", "nginx.conf")), -1)
		if len(locations) != 2 {
			t.Fatalf("%d locations", len(locations))
		}
		for i, names := range [][]string{internal, {"Tokenstate-Min-Version"}} {
			for _, name := range names {
				if !strings.Contains(locations[i], "proxy_set_header "+name+` "";`) {
					t.Errorf("%s is not taken out in: %.40s", name, locations[i])
				}
			}
		}
	})
}

// Ensure the two gateways that pass names with an underscore take out ours in each spelling.
func TestAllSpellingsAreTakenOut(t *testing.T) {
	caddy := func(name string) bool {
		for _, m := range regexp.MustCompile(`request_header -(\S+)\*`).FindAllStringSubmatch(string(example(t, "caddy", "Caddyfile")), -1) {
			if strings.HasPrefix(strings.ToLower(name), strings.ToLower(m[1])) {
				return true
			}
		}
		return false
	}
	haproxy := func(name string) bool {
		for _, m := range regexp.MustCompile(`del-header (\S+) -m reg`).FindAllStringSubmatch(string(example(t, "haproxy", "haproxy.cfg")), -1) {
			if regexp.MustCompile(m[1]).MatchString(strings.ToLower(name)) { // HAProxy holds all names in small letters
				return true
			}
		}
		return false
	}
	for _, ours := range slices.Concat(identity, internal) {
		for _, name := range append(spellings(ours), ours) {
			if !caddy(name) || !haproxy(name) {
				t.Errorf("%s is taken out: by Caddy %v, by HAProxy %v", name, caddy(name), haproxy(name))
			}
		}
	}
	if caddy("X-Authority") || haproxy("X-Auth-Token") {
		t.Error("the application's own is taken out")
	}
}

// spellings are those of a name that have an underscore.
func spellings(name string) (all []string) {
	parts := strings.Split(name, "-")
	for choice := 1; choice < 1<<(len(parts)-1); choice++ {
		s := parts[0]
		for i, part := range parts[1:] {
			s += string("-_"[choice>>i&1]) + part
		}
		all = append(all, s)
	}
	return all
}
