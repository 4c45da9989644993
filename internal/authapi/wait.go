package authapi

import (
	"context"
	"net/http"
	"time"
)

// Waiting is part of every writing call's input.
type Waiting struct {
	WaitMS int `query:"wait_ms" minimum:"0" maximum:"5000" doc:"wait up to this long until the write is enforced here; else 202 and applied:false"`
}

// unasked is how long a write waits if nobody asked it to: it takes milliseconds, and who has
// revoked a key expects the next call to be refused.
const unasked = time.Second

// reached waits for a version, if there is a place to wait.
func (s *Server) reached(ctx context.Context, version int64) bool {
	if s.Known.Version() >= version {
		return true
	}
	leave, bad := s.mayWait()
	if bad != nil {
		return false
	}
	defer leave()
	return s.Known.WaitVersion(ctx, version) == nil
}

// enforced waits until this replica has seen a version. It gives the status to answer with.
func (s *Server) enforced(ctx context.Context, w Waiting, version int64) (applied bool, status int) {
	patience := time.Duration(w.WaitMS) * time.Millisecond
	if w.WaitMS == 0 {
		patience = unasked
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.reached(ctx, version) {
		return true, http.StatusOK
	}
	if w.WaitMS == 0 {
		return false, http.StatusOK // nobody asked to wait
	}
	return false, http.StatusAccepted
}
