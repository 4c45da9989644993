package authapi

import (
	"context"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// lookLimit bounds the one look at an owner of whom nothing is known.
const lookLimit = 2 * time.Second

// mayOwnKeys refuses a key for who is disabled or does not exist. Whoever was never looked at
// is looked at once; the look decides about this call only, for what is remembered comes
// through the log.
func (s *Server) mayOwnKeys(ctx context.Context, k SystemKey) *Problem {
	owner := s.Known.Owner(k.Realm, k.User)
	if !owner.Active {
		return refusedOwner(owner.Reason)
	}
	if owner.KeysBefore > tokenstate.Seconds(s.now().Unix()) {
		return problem(http.StatusConflict, "keys-cut-off", "", "all keys of this owner are cut off until a later time")
	}
	if owner.Known {
		return nil
	}
	look, err := s.look(ctx, k.Realm, k.User)
	switch {
	case err != nil && s.StandingMaxAge > 0:
		return unavailable("owner-unknown", "whether this user may own keys cannot be found out now: Keycloak does not answer")
	case err != nil:
		s.log(ctx).Warn().Err(err).Msg("a key is minted for an owner who was never looked at: Keycloak does not answer")
		return nil // best effort
	case look.Gone:
		return refusedOwner(apikey.ReasonUserDeleted)
	case !look.Enabled:
		return refusedOwner(apikey.ReasonUserDisabled)
	}
	return nil
}

// look asks Keycloak, once for all who ask at the same time.
func (s *Server) look(ctx context.Context, realm, user string) (Look, error) {
	got, err, _ := s.looks.Do(realm+"\x00"+user, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		return s.Realms[realm].Keycloak.LookUser(ctx, user)
	})
	if err != nil {
		return Look{}, err //nolint:wrapcheck // it says itself what failed
	}
	return got.(Look), nil //nolint:forcetypeassert // the function above returns nothing else
}

func refusedOwner(reason string) *Problem {
	switch reason {
	case tokenstate.ReasonUserDeleted:
		return problem(http.StatusNotFound, "no-such-user", "", "Keycloak knows no such user in this realm")
	case tokenstate.ReasonUserDisabled:
		return problem(http.StatusConflict, "user-disabled", "", "the user is disabled: no key can be made for them")
	default:
		return problem(http.StatusConflict, "realm-disabled", "", "the realm is disabled: no key can be made in it")
	}
}
