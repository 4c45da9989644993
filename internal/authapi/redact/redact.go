// Package redact keeps keys and tokens out of what is stored and logged.
package redact

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// maxTarget bounds what the audit keeps of a path.
const maxTarget = 1 << 10

// secretLike finds our keys, also mistyped ones, OpenHands' keys and JSON web tokens.
var secretLike = regexp.MustCompile(apikey.Prefix + `[0-9A-Za-z]{10}_[0-9A-Za-z]+|\bsk-oh-[0-9A-Za-z]{16,}|\beyJ[0-9A-Za-z_-]+\.eyJ[0-9A-Za-z_.-]+`)

// Text is for texts that are kept: the audit and the log keep them for ever.
func Text(text string) string { return secretLike.ReplaceAllString(text, "REDACTED") }

// Secret finds a key or a token where ids belong.
func Secret(ids ...string) bool {
	return slices.ContainsFunc(ids, begins) && secretLike.MatchString(strings.Join(ids, "\n"))
}

// begins finds what secretLike's alternatives begin with: hardly any id holds one, and each request has an id.
func begins(id string) bool {
	return strings.Contains(id, apikey.Prefix) || strings.Contains(id, "sk-oh-") || strings.Contains(id, "eyJ")
}

// Path is the path as the audit keeps it.
func Path(u *url.URL) string {
	path := u.EscapedPath()
	if Secret(u.Path) {
		path = (&url.URL{Path: Text(u.Path)}).EscapedPath()
	}
	return Target(path)
}

// Target cuts a path to what the audit keeps.
func Target(target string) string { return target[:min(len(target), maxTarget)] }

// maxRequestID bounds what a caller may call a request.
const maxRequestID = 64

// RequestID is an id that a caller gave to a request; "" if it is none, or looks like a secret: it is logged and
// shown to others.
func RequestID(text string) string {
	if len(text) > maxRequestID || strings.ContainsFunc(text, strange) || Secret(text) {
		return ""
	}
	return text
}

// strange is what no request's id has. A pattern would say the same in ten times the time, for each request.
func strange(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._-", r)
}
