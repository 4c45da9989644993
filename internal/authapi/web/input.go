package web

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// Count is a whole number; 5.0 is one, too.
type Count int

// UnmarshalJSON reads it.
func (n *Count) UnmarshalJSON(raw []byte) error {
	var f float64
	if err := json.Unmarshal(raw, &f); err != nil {
		return errNotWhole
	}
	if f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return errNotWhole
	}
	*n = Count(f)
	return nil
}

var errNotWhole = errors.New("not a whole number")

// onceEach: of two, a proxy and we might mean different ones. (Two keys are 401 by themselves.)
func onceEach(h http.Header) *problem.Problem {
	for _, name := range []string{"Idempotency-Key", "Tokenstate-Min-Version"} {
		if len(h.Values(name)) > 1 {
			return problem.New(http.StatusBadRequest, "invalid-request", "", "the header "+name+" stands twice")
		}
	}
	return nil
}

// Formats reads JSON strictly: a member that stands twice could be two things to two readers.
func Formats() map[string]huma.Format {
	f := huma.DefaultJSONFormat
	f.Unmarshal = strictjson.Unmarshal
	return map[string]huma.Format{"application/json": f, "json": f}
}

// clean paths are those that the mux does not redirect to another form.
func clean(u *url.URL) bool { return path.Clean(u.EscapedPath()) == u.EscapedPath() }

// printable refuses a path or query that holds control characters or is not UTF-8: no id has
// them, Postgres cannot store all of them, and a log line or header must not break at one.
func printable(u *url.URL) *problem.Problem {
	clean := utf8.ValidString(u.Path) && gate.Plain(u.Path)
	if u.RawQuery == "" && clean {
		return nil
	}
	twice := false
	query, err := url.ParseQuery(u.RawQuery)
	for name, values := range query {
		text := name + strings.Join(values, "")
		twice = twice || len(values) > 1
		clean = clean && utf8.ValidString(text) && gate.Plain(text)
	}
	switch {
	case err != nil:
		return problem.New(http.StatusBadRequest, "invalid-request", "", "the query is malformed")
	case twice:
		return problem.New(http.StatusBadRequest, "invalid-request", "", "a parameter of the query stands twice")
	case !clean:
		return problem.New(http.StatusBadRequest, "invalid-request", "", "path and query are UTF-8 without control characters")
	}
	return nil
}

// idsOnly refuses a path or query that holds a secret: an order about such a user would carry it
// into the log.
func idsOnly(u *url.URL) *problem.Problem {
	query, _ := url.QueryUnescape(u.RawQuery) // the guard has refused a malformed one
	if redact.Secret(u.Path, query) {
		return problem.New(http.StatusBadRequest, "invalid-request", "", "a key or a token stands where an id belongs: what was sent may lie in access logs, revoke it")
	}
	return nil
}
