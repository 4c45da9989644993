//go:build edge

package edge

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// sight is what an application saw of a request.
type sight struct {
	Method string
	Header http.Header
	Body   int
}

// application tells each caller what it saw of them. /broken is always 500.
func application(t *testing.T) (addr string) {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.sight+json")
		_ = json.NewEncoder(w).Encode(sight{r.Method, r.Header, len(body)})
	}))
	t.Cleanup(app.Close)
	return strings.TrimPrefix(app.URL, "http://")
}

// told is what a caller got through a gateway: an answer of the application, or somebody else's with its problem.
type told struct {
	status  int
	header  http.Header
	seen    *sight // nil: the application was not asked
	problem map[string]any
}

// patience is longer than any gateway may wait for authapi.
const patience = 25 * time.Second

func call(t *testing.T, method, url string, body io.Reader, headers ...string) told {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	must(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		if name := headers[i]; strings.Contains(name, "_") {
			req.Header[name] = []string{headers[i+1]} // as it is spelt
		} else {
			req.Header.Add(name, headers[i+1])
		}
	}
	res, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	got := told{status: res.StatusCode, header: res.Header}
	switch res.Header.Get("Content-Type") {
	case "application/vnd.sight+json":
		must(t, json.Unmarshal(raw, &got.seen))
	case "application/problem+json":
		if err := json.Unmarshal(raw, &got.problem); err != nil {
			t.Errorf("the problem is no JSON: %v: %s", err, raw)
		}
	}
	return got
}

// says what of ours an application saw, in whatever spelling: an application of CGI, WSGI or PHP cannot tell "_" from "-".
func (s *sight) says() map[string]string {
	ours := map[string]string{}
	for name, values := range s.Header {
		name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		if value := strings.Join(values, ","); value != "" && (slices.Contains(internal, name) || slices.Contains(identity, name)) {
			ours[name] += value
		}
	}
	return ours
}

// refused: the status and the reason are these, in the header and in the body, and the application was not asked.
func (got told) refused(t *testing.T, status int, reason string) {
	t.Helper()
	if got.status != status || got.seen != nil || got.header.Get("X-Auth-Reason") != reason || got.problem["reason"] != reason || got.problem["error"] != reason {
		t.Errorf("%v, want %d %s", got, status, reason)
	}
	if status == http.StatusServiceUnavailable && got.header.Get("Retry-After") == "" {
		t.Errorf("nobody says when to come back: %v", got)
	}
}

func (got told) String() string {
	return fmt.Sprintf("%d %v, problem %v, the application saw %+v", got.status, got.header, got.problem, got.seen)
}
