package keycloak

import (
	"net/http"
	"net/url"
	"strings"
)

// renamed asks Keycloak about realms by its own names for them, where callers know them by others:
// all URLs of a realm begin alike, whatever library makes them.
type renamed struct {
	next  http.RoundTripper
	base  string            // path of Keycloak's root
	names map[string]string // Keycloak's names
}

func newRenamed(c Config) http.RoundTripper {
	if len(c.Names) == 0 {
		return c.Transport
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return c.Transport // validate has refused it
	}
	return renamed{c.Transport, strings.TrimRight(u.EscapedPath(), "/"), c.Names}
}

func (r renamed) RoundTrip(req *http.Request) (*http.Response, error) {
	path := req.URL.EscapedPath()
	for _, root := range []string{r.base + "/admin/realms/", r.base + "/realms/"} {
		rest, ok := strings.CutPrefix(path, root)
		realm, rest, more := strings.Cut(rest, "/")
		name, known := r.names[realm]
		if !ok || !known {
			continue
		}
		path = root + url.PathEscape(name)
		if more {
			path += "/" + rest
		}
		req = req.Clone(req.Context())
		plain, err := url.PathUnescape(path)
		if err != nil {
			return nil, err
		}
		req.URL.Path, req.URL.RawPath = plain, path
		break
	}
	return r.next.RoundTrip(req)
}
