package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// noControls is what the guard takes in paths and queries, and Describe asks of ids in bodies.
const noControls = `^[^\x00-\x1f\x7f` + "\ufffd" + `]*$`

// A list is never null; huma's own default is that each may be.
func init() { huma.DefaultArrayNullable = false }

// openToAll and byKey are the calls that ask for no service credential.
var (
	openToAll = []string{"/api/service/health", BackChannelPath}
	byKey     = []string{"/api/v1/users/me", "/v1/authorize"}
)

// Describe completes the API's description by what holds for all calls alike: credentials, ids
// without control characters, and null for a member that may be missing.
func Describe(api *huma.OpenAPI) {
	api.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"service": {Type: "apiKey", In: "header", Name: gate.HeaderService, Description: "a service credential with the call's scope"},
		"key":     {Type: "http", Scheme: "bearer", Description: "an API key; also as X-Session-API-Key or X-Access-Token"},
	}
	for _, s := range api.Components.Schemas.Map() {
		mayBeNull(s, "actor")
	}
	for path, item := range api.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Head, item.Post, item.Put, item.Delete} {
			if op != nil {
				describeCall(api.Components.Schemas, path, op)
			}
		}
	}
}

func describeCall(schemas huma.Registry, path string, op *huma.Operation) {
	switch {
	case slices.Contains(byKey, path):
		op.Security = []map[string][]string{{"key": {}}}
	case path == AccessTokenPath: // each of the two alone is enough
		op.Security = []map[string][]string{{"service": {}}, {"key": {}}}
	case !slices.Contains(openToAll, path):
		op.Security = []map[string][]string{{"service": {}}}
	}
	for _, p := range op.Parameters {
		if p.Name == "wait_ms" { // see Server.enforced
			alsoAnswers(op, http.StatusAccepted)
		}
		if p.In == "path" || p.In == "query" {
			withoutControls(p.Schema)
		}
	}
	if op.Method == http.MethodPut {
		alsoAnswers(op, http.StatusCreated)
	}
	if f := formOf(path); f != nil {
		op.RequestBody = f
	}
	if op.RequestBody == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		describeBody(schemas, media.Schema)
		op.Metadata = map[string]any{membersKey: membersOf(schemas, resolved(schemas, media.Schema))}
	}
}

// mayBeNull says so of a member that is another object; huma can say it of texts and numbers only.
func mayBeNull(s *huma.Schema, name string) {
	if member := s.Properties[name]; member != nil && member.Ref != "" {
		s.Properties[name] = &huma.Schema{OneOf: []*huma.Schema{{Ref: member.Ref}, {Type: "null"}}}
	}
}

// alsoAnswers says that a call answers with this status what it answers with 200.
func alsoAnswers(op *huma.Operation, status int) {
	if ok := op.Responses["200"]; ok != nil {
		as := *ok
		as.Description = http.StatusText(status)
		op.Responses[strconv.Itoa(status)] = &as
	}
}

func describeBody(schemas huma.Registry, s *huma.Schema) {
	s = resolved(schemas, s)
	for name, member := range s.Properties {
		switch {
		case strings.HasSuffix(name, "_id"):
			withoutControls(member)
		case member.Items != nil:
			describeBody(schemas, member.Items)
		}
		member.Nullable = member.Nullable || member.Ref == "" && !slices.Contains(s.Required, name)
		member.PrecomputeMessages()
	}
}

// formOf describes the form that a call takes, for huma says of it only that it is bytes; nil: none.
func formOf(path string) *huma.RequestBody {
	switch path {
	case IntrospectPath:
		return form("token", "the API key")
	case BackChannelPath:
		return form("logout_token", "a signed JWT of type logout+jwt")
	}
	return nil
}

// form is one with a required member. Others are not looked at.
func form(member, what string) *huma.RequestBody {
	one := 1
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{FormType: {Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{member},
		Properties: map[string]*huma.Schema{member: {Type: huma.TypeString, MinLength: &one, Description: what}},
	}}}}
}

func withoutControls(s *huma.Schema) {
	if s.Type == huma.TypeString && s.Pattern == "" && len(s.Enum) == 0 && s.Format == "" {
		s.Pattern = noControls
		s.PrecomputeMessages()
	}
}
