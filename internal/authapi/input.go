package authapi

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

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// count is a whole number; 5.0 is one, too.
type count int

// UnmarshalJSON reads it.
func (n *count) UnmarshalJSON(raw []byte) error {
	var f float64
	if err := json.Unmarshal(raw, &f); err != nil {
		return errNotWhole
	}
	if f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return errNotWhole
	}
	*n = count(f)
	return nil
}

var errNotWhole = errors.New("not a whole number")

// onceEach: of two, a proxy and we might mean different ones. (Two keys are 401 by themselves.)
func onceEach(h http.Header) *Problem {
	for _, name := range []string{"Idempotency-Key", "Tokenstate-Min-Version"} {
		if len(h.Values(name)) > 1 {
			return problem(http.StatusBadRequest, "invalid-request", "", "the header "+name+" stands twice")
		}
	}
	return nil
}

// formats reads JSON strictly: a member that stands twice could be two things to two readers.
func formats() map[string]huma.Format {
	f := huma.DefaultJSONFormat
	f.Unmarshal = strictjson.Unmarshal
	return map[string]huma.Format{"application/json": f, "json": f}
}

// clean paths are those that the mux does not redirect to another form.
func clean(u *url.URL) bool { return path.Clean(u.EscapedPath()) == u.EscapedPath() }

// printable refuses a path or query that holds control characters or is not UTF-8: no id has
// them, Postgres cannot store all of them, and a log line or header must not break at one.
func printable(u *url.URL) *Problem {
	clean := utf8.ValidString(u.Path) && plain(u.Path)
	twice := false
	query, err := url.ParseQuery(u.RawQuery)
	for name, values := range query {
		text := name + strings.Join(values, "")
		twice = twice || len(values) > 1
		clean = clean && utf8.ValidString(text) && plain(text)
	}
	switch {
	case err != nil:
		return problem(http.StatusBadRequest, "invalid-request", "", "the query is malformed")
	case twice:
		return problem(http.StatusBadRequest, "invalid-request", "", "a parameter of the query stands twice")
	case !clean:
		return problem(http.StatusBadRequest, "invalid-request", "", "path and query are UTF-8 without control characters")
	}
	return nil
}
