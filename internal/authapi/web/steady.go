package web

import (
	"encoding/json"
	"io"
	"maps"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

type humaContext = huma.Context // a field of that name would hide the method

// steady is the context of a call that only reads. Its answer is made before the first byte is written: whether it is of one
// state is asked then, and if it is not a problem is written instead.
type steady struct {
	humaContext

	refused func() *problem.Problem
	instead bool
}

// SetStatus implements huma.Context.
func (s *steady) SetStatus(code int) {
	bad := s.refused()
	if bad == nil {
		s.humaContext.SetStatus(code)
		return
	}
	s.instead = true
	_, w := humago.Unwrap(s.humaContext)
	maps.Copy(w.Header(), bad.GetHeaders())
	w.Header().Set("Content-Type", bad.ContentType(""))
	s.humaContext.SetStatus(bad.Status)
	_ = json.NewEncoder(w).Encode(bad) // the client is gone, then
}

// BodyWriter implements huma.Context.
func (s *steady) BodyWriter() io.Writer {
	if s.instead {
		return io.Discard
	}
	return s.humaContext.BodyWriter()
}

// Unwrap is what humago.Unwrap looks for.
func (s *steady) Unwrap() huma.Context { return s.humaContext }
