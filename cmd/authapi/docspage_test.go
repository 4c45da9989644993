package main

import (
	"html"
	"net/http"
	"strings"
	"testing"
)

// Ensure / says where things are, and that the page for browsers is there only if it is wanted, shows every call with
// its refusals, and brings nothing from elsewhere.
func TestDocsPage(t *testing.T) {
	w := newWorld(t)
	where := w.ask(http.MethodGet, "/", nil).want(t, http.StatusOK, "openapi", "/openapi.json")
	if docs, there := where.body["docs"]; docs != nil || !there {
		t.Errorf("%s", where.raw)
	}
	w.ask(http.MethodGet, "/docs", nil).want(t, http.StatusNotFound, "reason", "not_found")
	w.stop()
	w.docs = "on"
	w.start()
	w.ask(http.MethodGet, "/", nil).want(t, http.StatusOK, "docs", "/docs")
	page := w.ask(http.MethodGet, "/docs", nil).want(t, http.StatusOK)
	for path, methods := range w.description().Paths {
		for method := range methods {
			if !strings.Contains(page.raw, html.EscapeString(strings.ToUpper(method)+" "+path)) {
				t.Errorf("the page lacks %s %s", method, path)
			}
		}
	}
	for _, want := range []string{"offline_access_withdrawn", "tokens:write", "Skip to the calls", `lang="en"`} {
		if !strings.Contains(page.raw, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, never := range []string{"<script", "https://", "//cdn", "style="} {
		if strings.Contains(page.raw, never) {
			t.Errorf("the page has %s", never)
		}
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("%q", csp)
	}
	if style := w.ask(http.MethodGet, "/docs/page.css", nil).want(t, http.StatusOK); style.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%v", style.header)
	}
}
