package gate

import (
	"context"
	"net/http"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// StoreFault is the answer when the database did not take or give something.
func (g *Gate) StoreFault(ctx context.Context, err error) *problem.Problem {
	g.Log(ctx).Error().Err(err).Msg("the store failed")
	return problem.Unavailable("store-unavailable", "the database does not answer; nothing was done: try again")
}

func wrongRealm() *problem.Problem {
	return problem.New(http.StatusForbidden, "wrong-realm", "", "this belongs to a realm that this authapi does not serve: check AUTHAPI_REALMS_FILE")
}
