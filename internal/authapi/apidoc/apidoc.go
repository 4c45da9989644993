// Package apidoc is what /openapi.json says of each call beyond its types: its group, its words, the refusals that it
// gives with each one's reasons, and an example that was recorded from a running authapi. cmd/authapi's tests hold the
// refusals to those that are really given.
package apidoc

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// problemType is the content type of every refusal, and problemSchema its form.
const (
	problemType   = "application/problem+json"
	problemSchema = "#/components/schemas/Problem"
)

// Complete says of each operation what calls has of it. A call that is missing there is left as it is: a test tells.
func Complete(api *huma.OpenAPI) {
	api.Info.Description = about
	api.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	api.Servers = []*huma.Server{{URL: "/", Description: "the authapi that served this document"}}
	api.Tags = tags
	for path, item := range api.Paths {
		for method, op := range Operations(item) {
			if c, ok := calls[method+" "+path]; ok {
				c.complete(op)
				examples[method+" "+path].add(op)
			}
		}
	}
}

// Operations are those of a path, by method.
func Operations(item *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodHead: item.Head, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodDelete: item.Delete,
	}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return all
}

func (c call) complete(op *huma.Operation) {
	op.Tags, op.Description = []string{c.tag}, c.words
	if op.Security == nil {
		op.Security = []map[string][]string{} // nothing is asked for
	}
	delete(op.Responses, "default")
	for status, reasons := range c.refusals {
		op.Responses[strconv.Itoa(status)] = refused(op.Method, status, reasons)
	}
}

// refused describes one status with the reasons that it is given for. An answer to HEAD has no body.
func refused(method string, status int, reasons []string) *huma.Response {
	r := &huma.Response{Description: meaning[status]}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		r.Headers = map[string]*huma.Param{"Retry-After": {
			Description: "seconds until it is worth trying again",
			Schema:      &huma.Schema{Type: huma.TypeInteger},
		}}
	}
	if method == http.MethodHead {
		return r
	}
	var enum []any
	for _, reason := range slices.Sorted(slices.Values(reasons)) {
		enum = append(enum, reason)
	}
	r.Content = map[string]*huma.MediaType{problemType: {Schema: &huma.Schema{AllOf: []*huma.Schema{
		{Ref: problemSchema},
		{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"reason": {Type: huma.TypeString, Enum: enum}}},
	}}}}
	return r
}

// meaning is what each status of a refusal says, whatever the call.
var meaning = map[int]string{
	http.StatusBadRequest:            "The request cannot be read, or holds a secret where an id belongs.",
	http.StatusUnauthorized:          "The credential or key is not valid. This is final.",
	http.StatusForbidden:             "The credential or key is valid and may not do this. This is final.",
	http.StatusNotFound:              "There is no such thing.",
	http.StatusRequestTimeout:        "The body did not come in time.",
	http.StatusConflict:              "What is stored or known forbids it; reason says what.",
	http.StatusRequestEntityTooLarge: "The body is larger than this call takes.",
	http.StatusUnsupportedMediaType:  "The body is of a type that this call does not take.",
	http.StatusUnprocessableEntity:   "The request can be read and is not acceptable; errors says where.",
	http.StatusTooManyRequests:       "Too much is asked. Come back after Retry-After, and drop nothing.",
	http.StatusServiceUnavailable:    "It cannot be decided or done now, which says nothing about a key or token. Come back after Retry-After, and drop nothing.",
}
