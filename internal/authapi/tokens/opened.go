package tokens

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// unopened says why there is no token to use. One that was altered is as good as none, and the
// user can bring another; one whose key is missing opens again when the key is back.
func (s *Service) unopened(ctx context.Context, t tokenstate.Token, err error) *problem.Problem {
	switch {
	case errors.Is(err, ErrNotSealed): // deleted, or tracked, since we looked
		return noToken()
	case errors.Is(err, ErrAltered):
		s.Metrics.unopened.WithLabelValues("altered").Inc()
		s.Gate.Log(ctx).Error().Str("session", t.Session).Msg("a sealed token does not open: it was altered, or is another row's")
		return noToken()
	case errors.Is(err, ErrLockedOut):
		s.Metrics.unopened.WithLabelValues("key_missing").Inc()
		s.Gate.Log(ctx).Error().Str("session", t.Session).Msg("a token is sealed under a key that AUTHAPI_KEYSET_FILE lacks: put it back")
		return problem.Unavailable("store-unavailable", "the stored token cannot be opened now: try again")
	}
	return s.Gate.StoreFault(ctx, err)
}
