package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// described is /openapi.json as far as tests read it.
type described struct {
	Info    struct{ Description string }
	Servers []struct{ URL string }
	Paths   map[string]map[string]describedCall
}

type describedCall struct {
	Tags                 []string
	Summary, Description string
	Security             *[]map[string][]string
	RequestBody          *struct{ Content map[string]describedMedia }
	Responses            map[string]struct{ Content map[string]describedMedia }
}

type describedMedia struct {
	Example json.RawMessage
	Schema  struct {
		AllOf []struct {
			Properties map[string]struct{ Enum []string }
		}
	}
}

// reasons are those that the description names for a status.
func (c describedCall) reasons(status int) (all []string) {
	for _, media := range c.Responses[fmt.Sprint(status)].Content {
		for _, part := range media.Schema.AllOf {
			all = append(all, part.Properties["reason"].Enum...)
		}
	}
	return all
}

// description is read once: it is the same for every world.
var description struct {
	sync.Once
	described
	patterns map[string]*regexp.Regexp
}

func (w *world) description() *described {
	w.t.Helper()
	description.Do(func() {
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/openapi.json", nil))
		must(w.t, json.Unmarshal(rec.Body.Bytes(), &description.described))
		if out := os.Getenv("OPENAPI_OUT"); out != "" { // `make openapi` has another tool look at it
			must(w.t, os.WriteFile(out, rec.Body.Bytes(), 0o600))
		}
		description.patterns = map[string]*regexp.Regexp{}
		for path := range description.Paths {
			description.patterns[path] = regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
		}
	})
	return &description.described
}

// operationAt is the call that a request is for; false if it is none.
func (w *world) operationAt(method, path string) (describedCall, bool) {
	doc := w.description()
	path, _, _ = strings.Cut(path, "?")
	for name, methods := range doc.Paths {
		if c, ok := methods[strings.ToLower(method)]; ok && description.patterns[name].MatchString(path) {
			return c, true
		}
	}
	return describedCall{}, false
}

// asDescribed holds each refusal that any test here provokes to what /openapi.json says of the call.
func (w *world) asDescribed(method, path string, r reply) {
	w.t.Helper()
	reason, _ := r.body["reason"].(string)
	if r.status < http.StatusBadRequest || r.header.Get("Content-Type") != "application/problem+json" || method == http.MethodHead {
		return
	}
	if c, ok := w.operationAt(method, path); ok && !slices.Contains(c.reasons(r.status), reason) {
		w.t.Errorf("%s %s answers %d %s, which /openapi.json does not say: add it to internal/authapi/apidoc", method, path, r.status, reason)
	}
}

// Ensure each call of the description has a group, words, its refusals with their reasons, what it asks for, and an
// example of what is sent and what comes.
func TestEachCallIsDescribed(t *testing.T) {
	w := newWorld(t)
	doc := w.description()
	if doc.Info.Description == "" || len(doc.Servers) != 1 || doc.Servers[0].URL != "/" {
		t.Errorf("the whole: %+v %+v", doc.Info, doc.Servers)
	}
	open := []string{"/api/service/health", "/v1/backchannel-logout"}
	for path, methods := range doc.Paths {
		for method, c := range methods {
			name := strings.ToUpper(method) + " " + path
			if len(c.Tags) != 1 || c.Description == "" || c.Summary == "" {
				t.Errorf("%s: tags %v, summary %q, description %q", name, c.Tags, c.Summary, c.Description)
			}
			if c.Security == nil || (len(*c.Security) == 0) != slices.Contains(open, path) {
				t.Errorf("%s: security %v", name, c.Security)
			}
			if method != "head" && len(c.reasons(http.StatusServiceUnavailable)) == 0 {
				t.Errorf("%s: no reason for a 503", name)
			}
			if method != "head" && !slices.Contains(open, path) && !slices.Contains(c.reasons(http.StatusUnauthorized), "unknown") {
				t.Errorf("%s: no 401 unknown", name)
			}
			if c.Responses["default"].Content != nil {
				t.Errorf("%s: an answer that is not described", name)
			}
			for _, answer := range c.Responses {
				for kind, media := range answer.Content {
					if len(media.Example) > 0 && !strings.HasSuffix(kind, "json") {
						t.Errorf("%s: an example of JSON for %s", name, kind)
					}
				}
			}
			if !c.exemplified() {
				t.Errorf("%s: no example; `make docs DOCS_WRITE=1` takes them from docs/api.md", name)
			}
		}
	}
}

// exemplified says whether an answer has an example, if any answer has a body but a refusal, and the request likewise.
func (c describedCall) exemplified() bool {
	bodies, examples := 0, 0
	for status, response := range c.Responses {
		for _, media := range response.Content {
			if status < "3" {
				bodies++
			}
			if len(media.Example) > 0 {
				examples++
			}
		}
	}
	if c.RequestBody != nil {
		for _, media := range c.RequestBody.Content {
			if len(media.Example) == 0 {
				return false
			}
		}
	}
	return bodies == 0 || examples > 0
}
