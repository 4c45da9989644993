package authapi

import (
	"context"
	"errors"
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
	if owner.Known {
		return nil
	}
	look, err := s.look(ctx, k.Realm, k.User)
	if shed, ok := errors.AsType[*Problem](err); ok {
		return shed
	}
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

// cutWait is how long a new key waits for the end of the second that older ones are cut off in.
// While one lies further ahead, whoever asks for a key is told to come back in an hour at most.
const (
	cutWait  tokenstate.Millis = 1100
	cutRetry tokenstate.Millis = 3600_000
)

// made is when an owner's new key is made, by the database's clock, as cutoffs are: by this
// replica's own a key might outlive its revocation, or be born dead.
func (s *Server) made(ctx context.Context, realm, user string) (tokenstate.Millis, *Problem) {
	for {
		at, err := s.Orders.Now(ctx)
		if err != nil {
			return 0, s.storeFault(ctx, err)
		}
		left := s.Known.Owner(realm, user).KeysBefore.Millis() - at
		switch {
		case left <= 0:
			return at, nil
		case left > cutWait:
			return 0, unavailable("keys-cut-off", "all keys of this owner are cut off until a later time").retryIn(lasting(min(left, cutRetry)))
		}
		if bad := s.sleep(ctx, lasting(left)); bad != nil {
			return 0, bad
		}
	}
}

func lasting(m tokenstate.Millis) time.Duration { return time.Duration(m) * time.Millisecond }

func (s *Server) sleep(ctx context.Context, d time.Duration) *Problem {
	leave, bad := s.mayWait()
	if bad != nil {
		return bad
	}
	defer leave()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return overloaded() // the caller is gone
	}
}

// look asks Keycloak, once for all who ask at the same time. An error is a *Problem if too many wait.
func (s *Server) look(ctx context.Context, realm, user string) (Look, error) {
	leave, bad := s.mayWait()
	if bad != nil {
		return Look{}, bad
	}
	defer leave()
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
