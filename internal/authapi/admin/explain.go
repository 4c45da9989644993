package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/refusals"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

type explainInput struct {
	UserID string `query:"user_id" required:"true" minLength:"1" maxLength:"255" doc:"a user; or a session, a key, an event or an order by its id, or the id of a request that this replica refused"`
	All    bool   `query:"all" doc:"every message, also those that changed nothing"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	Cursor string `query:"cursor" maxLength:"9" pattern:"^[0-9]*$" doc:"next_cursor of the page before"`
}

type explainAnswer struct {
	Body struct {
		timeline.Story
		Rest       int     `json:"left_out" doc:"messages that changed nothing and are not told: all=true has them"`
		NextCursor *string `json:"next_cursor"`
	}
}

func (s *Service) explain(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/explain", "Why a user's keys and tokens are what they are: the conclusion, and what led to it, newest first", web.SmallBody)
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
	story, err := s.story(ctx, web.ServiceOf(ctx).Realm, in.UserID)
	switch {
	case errors.Is(err, timeline.ErrNobody):
		return nil, problem.New(http.StatusNotFound, "nothing-known", "", "no message, token or key names this id")
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	}
	a := &explainAnswer{}
	a.Body.Story = story
	if !in.All {
		a.Body.Steps, a.Body.Rest = timeline.Fold(story.Steps)
	}
	a.Body.Steps, a.Body.NextCursor = page(a.Body.Steps, in.Cursor, in.Limit)
	return a, nil
}

// story is of the name, or of whose call was refused under it as the request's id.
func (s *Service) story(ctx context.Context, realm, name string) (timeline.Story, error) {
	story, err := s.Stories.Explain(ctx, realm, name)
	if !errors.Is(err, timeline.ErrNobody) {
		return story, err
	}
	refused, _ := s.Gate.Refusals.Find(1, func(x refusals.Refusal) bool { return x.Realm == realm && x.Request == name })
	if len(refused) == 0 {
		return story, err
	}
	story, err = s.Stories.Explain(ctx, realm, cmp.Or(refused[0].Key, refused[0].User))
	story.Asked = timeline.Asked{Kind: timeline.Request, ID: name}
	return story, err
}

// page gives steps that are told oldest first, newest first. The cursor counts from the oldest, which stays where it is
// while newer ones come.
func page(steps []timeline.Step, cursor string, limit int) ([]timeline.Step, *string) {
	last := len(steps)
	if cursor != "" {
		at, _ := strconv.Atoi(cursor) // its pattern was checked
		last = min(at, last)
	}
	first := max(0, last-limit)
	if first == 0 {
		return timeline.Newest(steps[:last]), nil
	}
	next := strconv.Itoa(first)
	return timeline.Newest(steps[first:last]), &next
}

// Stories tells how verdicts came about, the steps oldest first; timeline.ErrNobody.
type Stories interface {
	Explain(ctx context.Context, realm, name string) (timeline.Story, error)
}
