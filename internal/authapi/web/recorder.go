package web

import (
	"net/http"
	"strings"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// AnswerInProblems turns the mux's own text/plain 404 and 405 into problems.
func AnswerInProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, pattern := mux.Handler(r); pattern != "" && clean(r.URL) {
			if strings.Contains(pattern, "{") { // the path has values, which only the mux notes
				mux.ServeHTTP(w, r)
				return
			}
			r.Pattern = pattern
			h.ServeHTTP(w, r)
			return
		}
		probe := &recorder{ResponseWriter: discard{http.Header{}}}
		if mux.ServeHTTP(probe, r); probe.status < 400 { // the mux would redirect
			probe.status = http.StatusNotFound
		}
		p := problem.New(probe.status, problem.SlugOf(probe.status), "", problem.DetailOf(probe.status))
		if allow := probe.Header().Get("Allow"); allow != "" {
			p = p.With("Allow", allow)
		}
		p.Write(w)
	})
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
