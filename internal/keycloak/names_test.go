package keycloak

import (
	"net/http"
	"testing"
)

type recorded struct{ paths []string }

func (r *recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	r.paths = append(r.paths, req.URL.EscapedPath())
	return nil, errStopped
}

// Ensure realms are asked about by Keycloak's names, all others by their own, and that what is
// escaped in a path stays so.
func TestRenamed(t *testing.T) {
	for base, c := range map[string]map[string]string{
		"https://id.example": {
			"/admin/realms/shop":                   "/admin/realms/My%20Shop",
			"/admin/realms/shop/users/a%2Fb":       "/admin/realms/My%20Shop/users/a%2Fb",
			"/realms/shop":                         "/realms/My%20Shop",
			"/admin/realms/shopping/users":         "/admin/realms/shopping/users",
			"/admin/realms/demo/users/shop":        "/admin/realms/demo/users/shop",
			"/realms/master/protocol/openid/token": "/realms/master/protocol/openid/token",
			"/admin/serverinfo":                    "/admin/serverinfo",
		},
		"https://example.com/auth/": {"/auth/admin/realms/shop/events": "/auth/admin/realms/My%20Shop/events", "/admin/realms/shop": "/admin/realms/shop"},
	} {
		seen := &recorded{}
		r := newRenamed(Config{BaseURL: base, Names: map[string]string{"shop": "My Shop"}, Transport: seen})
		for path, want := range c {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://id.example"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = r.RoundTrip(req) //nolint:bodyclose // there is none
			if got := seen.paths[len(seen.paths)-1]; got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			if req.URL.EscapedPath() != path {
				t.Errorf("the caller's request was changed: %s", req.URL.EscapedPath())
			}
		}
	}
}
