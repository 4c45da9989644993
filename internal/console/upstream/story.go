package upstream

import (
	"context"

	authapi "github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// Bounds of a story.
const (
	storyPage  = 1000
	storyPages = 10
)

// Explain implements console.Authapi. The story is read whole, the newest step first.
func (a *Authapi) Explain(ctx context.Context, by console.Visitor, name string) (timeline.Story, error) {
	var whole timeline.Story
	c, err := a.as(by, a.Credential)
	if err != nil {
		return whole, err
	}
	next := authapi.Page{Limit: storyPage}
	for n := range storyPages {
		got, err := c.Explain(ctx, name, next)
		if unknown(err) {
			return whole, console.ErrUnknown
		}
		if err != nil {
			return whole, err
		}
		whole.Realm, whole.User, whole.Pruned = got.Realm, got.UserID, got.Pruned
		whole.Conclusion = whole.Conclusion[:0] // each page has it
		for _, l := range got.Conclusion {
			whole.Conclusion = append(whole.Conclusion, lineOf(l))
		}
		for _, s := range got.Steps {
			whole.Steps = append(whole.Steps, stepOf(s))
		}
		if whole.More = got.More || n == storyPages-1; got.NextCursor == "" {
			whole.More = got.More
			break
		}
		next.Cursor = got.NextCursor
	}
	return whole, nil
}

func stepOf(s authapi.Step) timeline.Step {
	out := timeline.Step{At: s.At, Received: s.Received, ID: s.ID, From: s.From, What: s.What}
	for _, c := range s.Changes {
		out.Changes = append(out.Changes, timeline.Change{What: c.What, Before: c.Before, After: c.After})
	}
	return out
}

func lineOf(l authapi.Conclusion) timeline.Line {
	return timeline.Line{
		What: l.What, IDs: l.IDs, State: l.State, Reason: &l.Reason, Since: l.Since, EventID: &l.EventID, By: &l.By, InDoubt: l.InDoubt,
		Do: &l.Do,
	}
}
