package gate

import (
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// SetAges tells what every answer is known by: the feed's version, and how long ago Keycloak was
// last known completely. They are read before the decision, so that they never promise more: the guard sets them before
// anything else, and they are set again only where a call has waited.
func (g *Gate) SetAges(h http.Header) {
	now := g.DatabaseTime()
	h.Set("Tokenstate-Version", strconv.FormatInt(g.Known.Version(), 10))
	h.Set("Tokenstate-Age-Ms", strconv.FormatInt(max(0, now.UnixMilli()-int64(g.Known.KnownUntil())), 10))
}

// Ready refuses while nothing is loaded: with nothing loaded every key would be unknown, and 401 makes clients drop their keys.
func (g *Gate) Ready() *problem.Problem {
	if ok, why := g.Known.Ready(); !ok {
		return problem.Unavailable("not-ready", "authapi is not ready: "+why)
	}
	return nil
}

// Steady refuses where what is known was loaded anew since Known.Loads was asked: part of the answer is of a state of which
// nobody has asked whether it may be relied on. An older database may have taken the place of ours, in which what was revoked
// lately is not.
func (g *Gate) Steady(loads int64) *problem.Problem {
	if g.Known.Loads() != loads {
		return problem.Unavailable("not-ready", "what is known was loaded anew while this was answered: try again")
	}
	return nil
}

// Panicked is the answer after a panic.
func (g *Gate) Panicked(logger *zerolog.Logger, fault any) *problem.Problem {
	g.Metrics.panics.Inc()
	// The panic's own text may hold what was sent.
	logger.Error().Type("panic", fault).Bytes("stack", debug.Stack()).Msg("a request failed by our fault")
	return problem.Unavailable("internal", "this is our fault; the log tells more under the answer's X-Request-Id")
}
