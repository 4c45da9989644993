package console

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// policy lets a page load what this server has, and nothing else: no script and no style stands in a
// page, no other site may frame it, and a form goes here, or to the login of the issuer.
func policy(issuer string) string {
	forms := "'self'"
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		forms += " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action " +
		forms + "; frame-ancestors 'none'; base-uri 'none'"
}

func (s *Server) headers(next http.Handler) http.Handler {
	csp := policy(s.Issuer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store") // assets say otherwise themselves
		if s.Public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost refuses names that are not ours. Without it another site could let its own name point to
// this address, and read with its visitors' browsers what is open on loopback.
func (s *Server) knownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isOurs(r.Host) {
			http.Error(w, "This console is not known by that name. Open it by CONSOLE_URL.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) isOurs(host string) bool {
	if strings.EqualFold(host, s.Public.Host) {
		return true
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	return Loopback(s.Public.Hostname()) && Loopback(name) && port == s.Public.Port()
}

// Loopback says whether a host's name is this machine.
func Loopback(name string) bool {
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
