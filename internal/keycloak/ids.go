package keycloak

import (
	"errors"
	"net/url"
	"unicode"
	"unicode/utf8"
)

// ErrBadID reports an id that Keycloak cannot have given out: empty, over 255
// bytes, a path step, or with control characters. It was not sent anywhere.
var ErrBadID = errors.New("not a keycloak id")

const maxID = 255

// plainID says whether s may stand in a request's path once escaped. "." and
// ".." pass url.PathEscape unchanged and would name another resource, and ids
// come out of tokens and events that others wrote.
func plainID(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > maxID || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// segments escapes ids for use in a path; gocloak does not.
func segments(ids ...*string) error {
	for _, id := range ids {
		if !plainID(*id) {
			return ErrBadID
		}
		*id = url.PathEscape(*id)
	}
	return nil
}
