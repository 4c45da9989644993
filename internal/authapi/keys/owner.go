package keys

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// mayOwnKeys refuses a key for who is disabled or does not exist.
func (s *Service) mayOwnKeys(ctx context.Context, k SystemKey) *problem.Problem {
	if owner := s.Gate.Known.Owner(k.Realm, k.User); !owner.Active {
		return gate.RefusedOwner(owner.Reason)
	}
	return s.firstLook(ctx, k.Realm, k.User)
}

// firstLook looks at an owner who was never looked at; the look decides about this call only, for what
// is remembered comes through the log.
func (s *Service) firstLook(ctx context.Context, realm, user string) *problem.Problem {
	if owner := s.Gate.Known.Owner(realm, user); owner.Known || !owner.Active {
		return nil
	}
	look, err := s.Gate.Look(ctx, realm, user)
	if shed, ok := errors.AsType[*problem.Problem](err); ok {
		return shed
	}
	switch {
	case err != nil && s.Gate.StandingMaxAge > 0:
		return problem.Unavailable("owner-unknown", "whether this user may own keys cannot be found out now: Keycloak does not answer")
	case err != nil:
		s.Gate.Log(ctx).Warn().Err(err).Msg("a key is minted for an owner who was never looked at: Keycloak does not answer")
		return nil // best effort
	case look.Gone:
		return gate.RefusedOwner(apikey.ReasonUserDeleted)
	case !look.Enabled:
		return gate.RefusedOwner(apikey.ReasonUserDisabled)
	}
	return nil
}

// cutWait is how long a new key waits for the end of the second that older ones are cut off in.
// While one lies further ahead, whoever asks for a key is told to come back in an hour at most.
const (
	cutWait  tokenstate.Millis = 1100
	cutRetry tokenstate.Millis = 3600_000
)

// cutOffError is how much longer all keys of an owner are cut off: one that is made now would be born dead.
type cutOffError struct{ left tokenstate.Millis }

func (cutOffError) Error() string { return "all keys of this owner are cut off until a later time" }

// mayMake refuses a key for an owner of whom the writing transaction knows better than this replica
// does. Keys are dated by the database's clock, as cutoffs are: by a replica's own a key might outlive
// its revocation.
func mayMake(o apikey.Owned) error {
	if !o.Owner.Active {
		return gate.RefusedOwner(o.Owner.Reason)
	}
	if left := (o.Owner.KeysBefore - o.At).Millis(); left > 0 {
		return cutOffError{left}
	}
	return nil
}

// pastCutoff mints a key, again if need be when the second is over that older ones are cut off in.
func (s *Service) pastCutoff(ctx context.Context, mint func() error) error {
	for {
		err := mint()
		cut, ok := errors.AsType[cutOffError](err)
		switch {
		case !ok:
			return err
		case cut.left > cutWait:
			return problem.Unavailable("keys-cut-off", cut.Error()).RetryIn(lasting(min(cut.left, cutRetry)))
		}
		if bad := s.sleep(ctx, lasting(cut.left)); bad != nil {
			return bad
		}
	}
}

func lasting(m tokenstate.Millis) time.Duration { return time.Duration(m) * time.Millisecond }

func (s *Service) sleep(ctx context.Context, d time.Duration) *problem.Problem {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return bad
	}
	defer leave()
	if pause.For(ctx, d) != nil {
		return problem.Overloaded() // the caller is gone
	}
	return nil
}

// mayGive refuses to make or rotate a key that may do more than its maker: the maker sees the secret.
// With the key scope access-token it would get access tokens, which are of all the user's organizations.
func mayGive(k projection.ServiceKey, scopes apikey.Scopes) *problem.Problem {
	switch {
	case !scopes.Has(apikey.ScopeAccessToken):
		return nil
	case !slices.Contains(k.Scopes, gate.ScopeTokensUse):
		return problem.New(http.StatusForbidden, "insufficient-scope", "",
			"a key with the scope "+apikey.ScopeAccessToken+" is made and rotated by credentials with the scope "+gate.ScopeTokensUse)
	}
	return gate.CheckUnlimited(k)
}
