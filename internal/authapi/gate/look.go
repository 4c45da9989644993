package gate

import (
	"context"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// lookLimit bounds the one look at an owner of whom nothing is known.
const lookLimit = 2 * time.Second

// Look asks Keycloak, once for all who ask at the same time. An error is a *problem.Problem if too many wait.
func (g *Gate) Look(ctx context.Context, realm, user string) (idp.Look, error) {
	leave, bad := g.MayWait()
	if bad != nil {
		return idp.Look{}, bad
	}
	defer leave()
	got, err, _ := g.looks.Do(realm+"\x00"+user, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		return g.Realms[realm].Keycloak.LookUser(ctx, user)
	})
	if err != nil {
		return idp.Look{}, err
	}
	return got.(idp.Look), nil
}

// RefusedOwner is the answer where a key is wanted for somebody who may have none, by the reason of their standing.
func RefusedOwner(reason string) *problem.Problem {
	switch reason {
	case tokenstate.ReasonUserDeleted:
		return problem.New(http.StatusNotFound, "no-such-user", "", "Keycloak knows no such user in this realm")
	case tokenstate.ReasonUserDisabled:
		return problem.New(http.StatusConflict, "user-disabled", "", "the user is disabled: no key can be made for them")
	default:
		return problem.New(http.StatusConflict, "realm-disabled", "", "the realm is disabled: no key can be made in it")
	}
}
