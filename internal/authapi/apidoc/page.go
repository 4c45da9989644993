package apidoc

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The page needs no script and nothing from elsewhere: authapi often stands where neither is allowed, and a bundle of
// Redoc or Scalar is a megabyte of somebody else's code in the program that holds everybody's tokens.
//
//go:embed page.html page.css
var assets embed.FS

// DocsPath and StylePath are where the page and its style are served.
const (
	DocsPath  = "/docs"
	StylePath = "/docs/page.css"
)

// Page renders the description for a browser.
func Page(api *huma.OpenAPI) (html []byte, err error) {
	t, err := template.ParseFS(assets, "page.html")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, pageOf(api))
	return b.Bytes(), err
}

// Register serves the page and its style, and at / says where things are.
func Register(mux *http.ServeMux, api *huma.OpenAPI, docs bool) error {
	where := map[string]any{"name": api.Info.Title, "openapi": "/openapi.json", "docs": nil, "health": "/api/service/health"}
	if docs {
		page, err := Page(api)
		if err != nil {
			return fmt.Errorf("the docs page: %w", err)
		}
		style, err := assets.ReadFile("page.css")
		if err != nil {
			return fmt.Errorf("the docs page: %w", err)
		}
		where["docs"] = DocsPath
		mux.HandleFunc("GET "+DocsPath, static("text/html; charset=utf-8", page))
		mux.HandleFunc("GET "+StylePath, static("text/css; charset=utf-8", style))
	}
	raw, err := json.Marshal(where)
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /{$}", static("application/json", raw))
	return nil
}

func static(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(content) // the client is gone, then
	}
}

// page is what the template shows.
type page struct {
	Title, About string
	Groups       []group
}

type group struct {
	Name, Words, Anchor string
	Calls               []shownCall
}

type shownCall struct {
	Anchor, Method, Path, Summary, Words, Caller string
	Parameters                                   []shownParameter
	Request                                      string
	Answers                                      []shownAnswer
}

type shownParameter struct{ Name, In, Words string }

type shownAnswer struct{ Status, Words, Reasons, Example string }

func pageOf(api *huma.OpenAPI) page {
	p := page{Title: api.Info.Title, About: api.Info.Description}
	for _, tag := range api.Tags {
		g := group{Name: tag.Name, Words: tag.Description, Anchor: anchor(tag.Name)}
		for path, item := range api.Paths {
			for method, op := range Operations(item) {
				if slices.Contains(op.Tags, tag.Name) {
					g.Calls = append(g.Calls, shownCallOf(method, path, op))
				}
			}
		}
		slices.SortFunc(g.Calls, func(a, b shownCall) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
		p.Groups = append(p.Groups, g)
	}
	return p
}

func shownCallOf(method, path string, op *huma.Operation) shownCall {
	c := shownCall{Anchor: op.OperationID, Method: method, Path: path, Summary: op.Summary, Words: op.Description, Caller: callerOf(op)}
	for _, in := range op.Parameters {
		c.Parameters = append(c.Parameters, shownParameter{in.Name, in.In, in.Description})
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			c.Request = indented(media.Example)
		}
	}
	for status, r := range op.Responses {
		a := shownAnswer{Status: status, Words: r.Description}
		for _, media := range r.Content {
			a.Example, a.Reasons = indented(media.Example), reasonsOf(media.Schema)
		}
		c.Answers = append(c.Answers, a)
	}
	slices.SortFunc(c.Answers, func(a, b shownAnswer) int { return strings.Compare(a.Status, b.Status) })
	return c
}

func callerOf(op *huma.Operation) string {
	var all []string
	for _, one := range op.Security {
		if _, ok := one["service"]; ok {
			all = append(all, "a service credential (X-Service-API-Key)")
		}
		if _, ok := one["key"]; ok {
			all = append(all, "an API key")
		}
	}
	if len(all) == 0 {
		return "everybody"
	}
	return strings.Join(all, " or ")
}

func reasonsOf(s *huma.Schema) string {
	var all []string
	if s != nil {
		for _, part := range s.AllOf {
			if reason := part.Properties["reason"]; reason != nil {
				for _, one := range reason.Enum {
					all = append(all, fmt.Sprint(one))
				}
			}
		}
	}
	return strings.Join(all, ", ")
}

func indented(example any) string {
	if example == nil {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the template escapes
	e.SetIndent("", "  ")
	if e.Encode(example) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func anchor(name string) string { return strings.ReplaceAll(name, " ", "-") }
