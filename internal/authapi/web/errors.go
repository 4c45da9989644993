package web

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// huma's own errors echo the value that failed, and for an unknown member the whole body. Only its
// constant words are taken over.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		p := problem.New(status, problem.SlugOf(status), "", problem.DetailOf(status))
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Errors = append(p.Errors, field(d.ErrorDetail()))
			}
		}
		return p
	}
}

func field(d *huma.ErrorDetail) problem.FieldError {
	if d.Message == "unexpected property" { // its location is what was sent
		return problem.FieldError{Message: d.Message}
	}
	return problem.FieldError{Location: d.Location, Message: d.Message}
}
