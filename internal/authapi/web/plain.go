package web

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Described is api for calls that huma describes and does not serve. The calls that are made for each request of a user
// are plain handlers: what huma does for a call takes longer than the decision.
func Described(api huma.API) huma.API { return described{api} }

type described struct{ huma.API }

func (described) Adapter() huma.Adapter { return unserved{} }

type unserved struct{}

func (unserved) Handle(*huma.Operation, func(huma.Context))       {}
func (unserved) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Answer writes what huma would write of v.
func Answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(v) // the client is gone, then
}
