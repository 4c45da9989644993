package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
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

func (s *Service) explain(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/explain", "Tell message by message how a user's verdicts came about, oldest first", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeExplain)
	huma.Register(api, op, s.tellStory)
}

// tellStory tells one story at a time: each is learnt from its beginning, whichever page is asked for.
func (s *Service) tellStory(ctx context.Context, in *explainInput) (*explainAnswer, error) {
	if !gate.Wait(ctx, s.Gate.Load.Stories) {
		s.Gate.Metrics.Shed("story")
		return nil, problem.Overloaded()
	}
	defer func() { <-s.Gate.Load.Stories }()
	story, err := s.Stories.Explain(ctx, web.ServiceOf(ctx).Realm, in.UserID)
	switch {
	case errors.Is(err, timeline.ErrNobody):
		return nil, problem.New(http.StatusNotFound, "nothing-known", "", "no message and no token names this user or session")
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
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

// Stories tells how verdicts came about; timeline.ErrNobody.
type Stories interface {
	Explain(ctx context.Context, realm, userOrSession string) (timeline.Story, error)
}
