package web

import (
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// huma's own errors echo the value that failed, and for an unknown member the whole body. Only its
// constant words are taken over.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError { return problemFor(nil, status, errs) }
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return problemFor(ctx.Operation(), status, errs)
	}
}

func problemFor(op *huma.Operation, status int, errs []error) *problem.Problem {
	p := problem.New(status, problem.SlugOf(status), "", problem.DetailOf(status))
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			p.Errors = append(p.Errors, field(op, d.ErrorDetail()))
		}
	}
	return p
}

func field(op *huma.Operation, d *huma.ErrorDetail) problem.FieldError {
	if d.Message == "unexpected property" { // its location is what was sent
		return problem.FieldError{Message: d.Message + membersAt(op, d.Location)}
	}
	return problem.FieldError{Location: d.Location, Message: d.Message}
}

// membersKey is where Describe leaves the members of an operation's body: those of the body itself under "", those of
// the elements of a list under its name.
const membersKey = "members"

var inList = regexp.MustCompile(`^body\.(\w+)\[\d+\]\.`)

// membersAt says what may stand where a member was not expected.
func membersAt(op *huma.Operation, location string) string {
	if op == nil {
		return ""
	}
	members, _ := op.Metadata[membersKey].(map[string][]string)
	known := members[""]
	if m := inList.FindStringSubmatch(location); m != nil && members[m[1]] != nil {
		known = members[m[1]]
	}
	if len(known) == 0 {
		return ""
	}
	return "; known here: " + strings.Join(known, ", ")
}

// membersOf are the members of a body.
func membersOf(schemas huma.Registry, s *huma.Schema) map[string][]string {
	all := map[string][]string{"": namesOf(s)}
	for name, member := range s.Properties {
		if member.Items != nil {
			all[name] = namesOf(resolved(schemas, member.Items))
		}
	}
	return all
}

func namesOf(s *huma.Schema) (names []string) {
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func resolved(schemas huma.Registry, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return schemas.SchemaFromRef(s.Ref)
	}
	return s
}
