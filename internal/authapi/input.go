package authapi

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// printable refuses a path or query that holds control characters or is not UTF-8: no id has
// them, Postgres cannot store all of them, and a log line or header must not break at one.
func printable(u *url.URL) *Problem {
	clean := utf8.ValidString(u.Path) && plain(u.Path)
	query, err := url.ParseQuery(u.RawQuery)
	for name, values := range query {
		text := name + strings.Join(values, "")
		clean = clean && utf8.ValidString(text) && plain(text)
	}
	switch {
	case err != nil:
		return problem(http.StatusBadRequest, "invalid-request", "", "the query is malformed")
	case !clean:
		return problem(http.StatusBadRequest, "invalid-request", "", "path and query are UTF-8 without control characters")
	}
	return nil
}
