package authapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/timeline"
)

type explainInput struct {
	UserID string `query:"user_id" required:"true" minLength:"1" maxLength:"255" doc:"a user, or a session of theirs"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	Cursor string `query:"cursor" maxLength:"9" pattern:"^[0-9]*$" doc:"next_cursor of the page before"`
}

type explainAnswer struct {
	Body struct {
		timeline.Story
		NextCursor *string `json:"next_cursor"`
	}
}

func (s *Server) explain(api huma.API) {
	op := operation(http.MethodGet, "/v1/explain", "Tell message by message how a user's verdicts came about, oldest first", maxSmallBody)
	op.Middlewares = s.forWholeUser(ScopeExplain)
	huma.Register(api, op, s.tellStory)
}

// tellStory tells one story at a time: each is learnt from its beginning, whichever page is asked for.
func (s *Server) tellStory(ctx context.Context, in *explainInput) (*explainAnswer, error) {
	if !patient(ctx, s.load.stories) {
		s.Metrics.shed.WithLabelValues("story").Inc()
		return nil, overloaded()
	}
	defer func() { <-s.load.stories }()
	story, err := s.Stories.Explain(ctx, serviceOf(ctx).Realm, in.UserID)
	switch {
	case errors.Is(err, timeline.ErrNobody):
		return nil, problem(http.StatusNotFound, "nothing-known", "", "no message and no token names this user or session")
	case err != nil:
		return nil, s.storeFault(ctx, err)
	}
	a := &explainAnswer{}
	a.Body.Story = story
	first, _ := strconv.Atoi(in.Cursor) // its pattern was checked; "" is the beginning
	first = min(first, len(story.Steps))
	last := min(first+in.Limit, len(story.Steps))
	a.Body.Steps = story.Steps[first:last]
	if last < len(story.Steps) {
		next := strconv.Itoa(last)
		a.Body.NextCursor = &next
	}
	return a, nil
}
