package gate

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// waitLimit bounds every wait that a caller asks for.
const waitLimit = 5 * time.Second

// ServiceAfterWait is Service, again when the caller has waited: a credential may have ended in what its caller waits for.
func (g *Gate) ServiceAfterWait(r *http.Request, scope string) (projection.ServiceKey, *problem.Problem) {
	caller, bad := g.Service(r, scope)
	if bad != nil {
		return caller, bad
	}
	if asked, bad := g.caughtUp(r, waiter{"service " + caller.Name, serviceShare}); bad != nil || !asked {
		return caller, bad
	}
	return g.Service(r, scope)
}

// caughtUp waits for the version that an authenticated caller says it must see. If it was asked to,
// the caller is to be judged again: what was found out before may be of an older version.
func (g *Gate) caughtUp(r *http.Request, who waiter) (asked bool, bad *problem.Problem) {
	text := r.Header.Get("Tokenstate-Min-Version")
	if text == "" {
		return false, nil
	}
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 0 {
		return false, problem.New(http.StatusBadRequest, "invalid-request", "", "Tokenstate-Min-Version is not a version")
	}
	if g.Known.Version() >= version {
		return true, nil
	}
	leave, bad := g.mayWaitAs(who)
	if bad != nil {
		return false, bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), waitLimit)
	defer cancel()
	if g.Known.WaitVersion(ctx, version) != nil {
		return true, problem.Unavailable("version-not-reached", "this replica has not seen that version yet: try again")
	}
	return true, nil
}
