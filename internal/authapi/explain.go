package authapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/timeline"
)

type explainInput struct {
	UserID string `query:"user_id" required:"true" minLength:"1" maxLength:"255" doc:"a user, or a session of theirs"`
}

type explainAnswer struct{ Body timeline.Story }

func (s *Server) explain(api huma.API) {
	op := operation(http.MethodGet, "/v1/explain", "Tell message by message how a user's verdicts came about", maxSmallBody)
	op.Middlewares = s.forWholeUser(ScopeExplain)
	huma.Register(api, op, func(ctx context.Context, in *explainInput) (*explainAnswer, error) {
		story, err := s.Stories.Explain(ctx, serviceOf(ctx).Realm, in.UserID)
		switch {
		case errors.Is(err, timeline.ErrNobody):
			return nil, problem(http.StatusNotFound, "nothing-known", "", "no message and no token names this user or session")
		case err != nil:
			return nil, s.storeFault(ctx, err)
		}
		return &explainAnswer{story}, nil
	})
}
