package gate

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

// Reached waits for a version, if there is a place to wait.
func (g *Gate) Reached(ctx context.Context, version int64) bool {
	if g.Known.Version() >= version {
		return true
	}
	leave, bad := g.MayWait()
	if bad != nil {
		return false
	}
	defer leave()
	return g.Known.WaitVersion(ctx, version) == nil
}

// Enforced waits until this replica has seen a version. It gives the status to answer with.
func (g *Gate) Enforced(ctx context.Context, w Waiting, version int64) (applied bool, status int) {
	patience := time.Duration(w.WaitMS) * time.Millisecond
	if w.WaitMS == 0 {
		patience = unasked
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if g.Reached(ctx, version) {
		return true, http.StatusOK
	}
	if w.WaitMS == 0 {
		return false, http.StatusOK // nobody asked to wait
	}
	return false, http.StatusAccepted
}
