package web

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/tracing"
)

// Guarded gives each request an id, its two ages and an end: a panic is 503, since the zero
// value of a decision must never reach a caller as an open door.
func (d *Door) Guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := redact.RequestID(r.Header.Get("X-Request-Id"))
		if id == "" {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("Cache-Control", "no-store")
		seen := &recorder{ResponseWriter: w}
		ctx, traced := tracing.Served(r)
		r = r.WithContext(gate.WithRequest(ctx, id, r.Method)) // the mux notes its pattern in this one
		began := time.Now()
		defer func() {
			if fault := recover(); fault != nil {
				if p := d.Gate.Panicked(d.Gate.Log(r.Context()), fault); seen.status == 0 {
					p.Write(seen)
				}
			}
			traced(cmp.Or(r.Pattern, "unmatched"), seen.status)
			if w.Header().Get("Content-Type") != "text/event-stream" { // how long a stream lasts says nothing of how fast we are
				d.Gate.Metrics.Answered(r.Pattern, seen.status, time.Since(began))
			}
			if d.Gate.Logger.GetLevel() <= zerolog.DebugLevel {
				d.Gate.Log(r.Context()).Debug().Str("path", r.Pattern).Int("status", seen.status).Dur("took", time.Since(began)).Msg("answered")
			}
		}()
		d.Gate.SetAges(w.Header())
		bad := printable(r.URL)
		if bad == nil {
			bad = onceEach(r.Header)
		}
		if bad != nil {
			bad.Write(seen)
			return
		}
		next.ServeHTTP(seen, r)
	})
}
