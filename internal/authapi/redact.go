package authapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// maxTarget bounds what the audit keeps of a path.
const maxTarget = 1 << 10

// secretLike finds our keys, also mistyped ones, OpenHands' keys and JSON web tokens.
var secretLike = regexp.MustCompile(apikey.Prefix + `[0-9A-Za-z]{10}_[0-9A-Za-z]+|\bsk-oh-[0-9A-Za-z]{16,}|\beyJ[0-9A-Za-z_-]+\.eyJ[0-9A-Za-z_.-]+`)

// redact is for texts that are kept: the audit and the log keep them for ever.
func redact(text string) string { return secretLike.ReplaceAllString(text, "REDACTED") }

// secretIn finds a key or a token where ids belong.
func secretIn(ids ...string) bool { return secretLike.MatchString(strings.Join(ids, "\n")) }

// idsOnly refuses a path or query that holds a secret: an order about such a user would carry it
// into the log.
func idsOnly(u *url.URL) *Problem {
	query, _ := url.QueryUnescape(u.RawQuery) // the guard has refused a malformed one
	if secretIn(u.Path, query) {
		return problem(http.StatusBadRequest, "invalid-request", "", "a key or a token stands where an id belongs: what was sent may lie in access logs, revoke it")
	}
	return nil
}

// shownPath is the path as the audit keeps it.
func shownPath(u *url.URL) string {
	path := u.EscapedPath()
	if secretIn(u.Path) {
		path = (&url.URL{Path: redact(u.Path)}).EscapedPath()
	}
	return cutTarget(path)
}

func cutTarget(target string) string { return target[:min(len(target), maxTarget)] }
