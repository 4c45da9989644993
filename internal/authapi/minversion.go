package authapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenstate/tokenstate/internal/projection"
)

// waitLimit bounds every wait that a caller asks for.
const waitLimit = 5 * time.Second

// serviceAfterWait: a credential may have ended in what its caller waits for.
func (s *Server) serviceAfterWait(r *http.Request, scope string) (projection.ServiceKey, *Problem) {
	caller, bad := s.service(r, scope)
	if bad != nil {
		return caller, bad
	}
	if asked, bad := s.caughtUp(r, waiter{"service " + caller.Name, serviceShare}); bad != nil || !asked {
		return caller, bad
	}
	return s.service(r, scope)
}

// caughtUp waits for the version that an authenticated caller says it must see. If it was asked to,
// the caller is to be judged again: what was found out before may be of an older version.
func (s *Server) caughtUp(r *http.Request, who waiter) (asked bool, bad *Problem) {
	text := r.Header.Get("Tokenstate-Min-Version")
	if text == "" {
		return false, nil
	}
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 0 {
		return false, problem(http.StatusBadRequest, "invalid-request", "", "Tokenstate-Min-Version is not a version")
	}
	if s.Known.Version() >= version {
		return true, nil
	}
	leave, bad := s.mayWaitAs(who)
	if bad != nil {
		return false, bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), waitLimit)
	defer cancel()
	if s.Known.WaitVersion(ctx, version) != nil {
		return true, unavailable("version-not-reached", "this replica has not seen that version yet: try again")
	}
	return true, nil
}
