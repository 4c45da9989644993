package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Outcomes of a logout token.
const (
	logoutTaken     = "taken"
	logoutRefused   = "refused"
	logoutUndecided = "undecided"
)

type senderKey struct{}

// withSender keeps the request, whose address bad tokens count against.
func withSender(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, senderKey{}, r))
}

// answerSender takes a logout token, and counts what became of it.
func (s *Server) answerSender(ctx context.Context, in *backChannelInput) (*backChannelAnswer, error) {
	a, bad := s.takeLogoutToken(ctx, in)
	switch {
	case bad == nil:
		s.Metrics.logouts.WithLabelValues(logoutTaken).Inc()
		return a, nil
	case bad.Status == http.StatusBadRequest:
		s.Metrics.logouts.WithLabelValues(logoutRefused).Inc()
		return nil, s.badSender(ctx, bad)
	}
	s.Metrics.logouts.WithLabelValues(logoutUndecided).Inc()
	return nil, bad
}

// badSender counts a bad token as a credential that is not known is counted. Good ones are taken
// from there all the same: Keycloak may be behind the same address.
func (s *Server) badSender(ctx context.Context, p *Problem) *Problem {
	r, ok := ctx.Value(senderKey{}).(*http.Request)
	if s.Limits == nil || !ok {
		return p
	}
	if wait, ok := s.Limits.failures.take(s.Limits.bucketOf(r), s.now()); !ok {
		return tooMany(wait, "too many logout tokens that are none came from this address: wait")
	}
	return p
}
