package tokens

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
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
func (s *Service) answerSender(ctx context.Context, in *backChannelInput) (*backChannelAnswer, error) {
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

// badSender counts a bad token against whoever sent it.
func (s *Service) badSender(ctx context.Context, p *problem.Problem) *problem.Problem {
	r, ok := ctx.Value(senderKey{}).(*http.Request)
	if !ok {
		return p
	}
	return s.Gate.BadSender(r, p)
}
