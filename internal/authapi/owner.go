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

// mayOwnKeys refuses a key for who is disabled or does not exist.
func (s *Server) mayOwnKeys(ctx context.Context, k SystemKey) *Problem {
	if owner := s.Known.Owner(k.Realm, k.User); !owner.Active {
		return refusedOwner(owner.Reason)
	}
	return s.firstLook(ctx, k.Realm, k.User)
}

// firstLook looks at an owner who was never looked at; the look decides about this call only, for what
// is remembered comes through the log.
func (s *Server) firstLook(ctx context.Context, realm, user string) *Problem {
	if owner := s.Known.Owner(realm, user); owner.Known || !owner.Active {
		return nil
	}
	look, err := s.look(ctx, realm, user)
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

// cutOff is how much longer all keys of an owner are cut off: one that is made now would be born dead.
type cutOff struct{ left tokenstate.Millis }

func (cutOff) Error() string { return "all keys of this owner are cut off until a later time" }

// mayMake refuses a key for an owner of whom the writing transaction knows better than this replica
// does. Keys are dated by the database's clock, as cutoffs are: by a replica's own a key might outlive
// its revocation.
func mayMake(o apikey.Owned) error {
	if !o.Owner.Active {
		return refusedOwner(o.Owner.Reason)
	}
	if left := (o.Owner.KeysBefore - o.At).Millis(); left > 0 {
		return cutOff{left}
	}
	return nil
}

// pastCutoff makes a key, again if need be when the second is over that older ones are cut off in.
func (s *Server) pastCutoff(ctx context.Context, make func() error) error {
	for {
		err := make()
		cut, ok := errors.AsType[cutOff](err)
		switch {
		case !ok:
			return err
		case cut.left > cutWait:
			return unavailable("keys-cut-off", cut.Error()).retryIn(lasting(min(cut.left, cutRetry)))
		}
		if bad := s.sleep(ctx, lasting(cut.left)); bad != nil {
			return bad
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
