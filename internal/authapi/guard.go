package authapi

import (
	"context"
	"crypto/rand"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/projection"
)

var requestID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// guarded gives each request an id, its two ages and an end: a panic is 503, since the zero
// value of a decision must never reach a caller as an open door.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !requestID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("Cache-Control", "no-store")
		logger := s.Logger.With().Str("request", id).Str("method", r.Method).Logger()
		seen := &recorder{ResponseWriter: w}
		began := time.Now()
		defer func() {
			if fault := recover(); fault != nil {
				if p := s.Failed(&logger, fault); seen.status == 0 {
					p.write(seen)
				}
			}
			logger.Debug().Str("path", r.Pattern).Int("status", seen.status).Dur("took", time.Since(began)).Msg("answered")
		}()
		s.ages(w.Header())
		bad := printable(r.URL)
		if bad == nil {
			bad = onceEach(r.Header)
		}
		if bad != nil {
			bad.write(seen)
			return
		}
		next.ServeHTTP(seen, r.WithContext(logger.WithContext(r.Context())))
	})
}

// Failed is the answer after a panic.
func (s *Server) Failed(logger *zerolog.Logger, fault any) *Problem {
	s.Metrics.panics.Inc()
	// The panic's own text may hold what was sent.
	logger.Error().Type("panic", fault).Bytes("stack", debug.Stack()).Msg("a request failed by our fault")
	return unavailable("internal", "this is our fault; the log tells more under the answer's X-Request-Id")
}

// ages are what every answer is known by: the feed's version, and how long ago Keycloak was
// last known completely. They are read before the decision, so that they never promise more.
func (s *Server) ages(h http.Header) {
	now := s.clock()
	h.Set("Tokenstate-Version", strconv.FormatInt(s.Known.Version(), 10))
	h.Set("Tokenstate-Age-Ms", strconv.FormatInt(max(0, now.UnixMilli()-int64(s.Known.KnownUntil())), 10))
}

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
	return r.ResponseWriter.Write(p) //nolint:wrapcheck // a pass-through
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answerInProblems turns the mux's own text/plain 404 and 405 into problems.
func answerInProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" && clean(r.URL) {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &recorder{ResponseWriter: discard{http.Header{}}}
		if mux.ServeHTTP(probe, r); probe.status < 400 { // the mux would redirect
			probe.status = http.StatusNotFound
		}
		p := problem(probe.status, slugOf(probe.status), "", detailOf(probe.status))
		if allow := probe.Header().Get("Allow"); allow != "" {
			p = p.with("Allow", allow)
		}
		p.write(w)
	})
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

type contextKey int

const (
	serviceCaller contextKey = iota
	keyCaller
)

// forService lets a credential with the scope pass, before its body is even read.
func (s *Server) forService(scope string) huma.Middlewares {
	return s.forCaller(scope, func(projection.ServiceKey) *Problem { return nil })
}

// forWholeUser is forService for calls that reach all of a user's, in whatever organization.
func (s *Server) forWholeUser(scope string) huma.Middlewares { return s.forCaller(scope, unlimited) }

func (s *Server) forCaller(scope string, may func(projection.ServiceKey) *Problem) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		caller, bad := projection.ServiceKey{}, s.ready()
		status := http.StatusServiceUnavailable // what a panic is answered with
		defer func() { s.audit(w, r, caller, status) }()
		if bad == nil {
			caller, bad = s.serviceAfterWait(r, scope)
		}
		if bad == nil {
			bad = idsOnly(r.URL)
		}
		if bad == nil {
			bad = may(caller)
		}
		if bad != nil {
			status = bad.Status
			bad.write(w)
			return
		}
		s.ages(w.Header())
		next(huma.WithValue(ctx, serviceCaller, caller))
		status = ctx.Status()
	}}
}

// forKey lets the holder of an admitted key pass.
func (s *Server) forKey() huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		rec, bad := s.keyHolder(r, pinned(r), w.Header())
		if bad != nil {
			bad.write(w)
			return
		}
		next(huma.WithValue(ctx, keyCaller, rec))
	}}
}

// ready: with nothing loaded every key would be unknown, and 401 makes clients drop their keys.
func (s *Server) ready() *Problem {
	if ok, why := s.Known.Ready(); !ok {
		return unavailable("not-ready", "authapi is not ready: "+why)
	}
	return nil
}

func serviceOf(ctx context.Context) projection.ServiceKey {
	return ctx.Value(serviceCaller).(projection.ServiceKey) //nolint:forcetypeassert // forService put it there; without it the guard answers 503
}

func keyOf(ctx context.Context) apikey.Record {
	return ctx.Value(keyCaller).(apikey.Record) //nolint:forcetypeassert // as above
}
