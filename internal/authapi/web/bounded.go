package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Bounded sheds requests.
func (d *Door) Bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		places, kind := d.Gate.Load.Requests, "request"
		if r.URL.Path == BackChannelPath {
			places, kind = d.Gate.Load.Logouts, "logout_token"
			if err := readWhole(w, r); err != nil {
				problem.New(http.StatusRequestTimeout, "invalid-request", "", "the body did not come whole in time").Write(w)
				return
			}
		}
		if !gate.Enter(places) {
			d.Gate.Metrics.Shed(kind)
			problem.Overloaded().Write(w)
			return
		}
		defer func() { <-places }()
		next.ServeHTTP(w, r)
	})
}

// readWhole reads a body before its request takes a place: who needs no credential must not hold one with
// half a body. One that is too large is left to the handler, which refuses it.
func readWhole(w http.ResponseWriter, r *http.Request) error {
	limit := http.NewResponseController(w)
	if err := limit.SetReadDeadline(time.Now().Add(BodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, TokenBody+1))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err
}
