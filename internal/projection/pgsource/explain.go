package pgsource

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Bounds of one story.
const (
	maxStory = 10_000 // messages
	maxKeys  = 1_000
)

// teller reads what is about one user, and nothing else.
type teller struct {
	state *state.Store
	keys  *keys.Store
}

// Explain tells the story of what name names: a user, a session, a key, an event or an order. realm may be "" if
// only one realm knows the name. timeline.ErrNobody, *timeline.WholeKeyError.
func Explain(ctx context.Context, pool *pgxpool.Pool, realm, name string) (timeline.Story, error) {
	if p, err := apikey.Parse(name); err == nil && !p.Legacy() {
		return timeline.Story{}, &timeline.WholeKeyError{ID: p.ID}
	}
	t := teller{state.New(pool), keys.New(pool)}
	who, err := t.find(ctx, realm, name)
	if err != nil {
		return timeline.Story{}, err
	}
	if who.user == "" {
		return aboutAll(who), nil
	}
	return t.tell(ctx, who, name)
}

// tell gathers what is about the user.
func (t teller) tell(ctx context.Context, who found, name string) (timeline.Story, error) {
	told := timeline.Told{Realm: who.realm, User: who.user}
	names, err := t.tokens(ctx, &told)
	if err != nil {
		return timeline.Story{}, err
	}
	if told.Keys, err = t.keys.ListedKeys(ctx, keys.ListFilter{Realm: who.realm, User: who.user, Most: maxKeys}); err != nil {
		return timeline.Story{}, err
	}
	all, err := t.messages(ctx, who.realm, append(names, name, who.user, events.Everyone))
	if err != nil {
		return timeline.Story{}, err
	}
	if told.Messages, err = t.pardoned(ctx, who.realm, all); err != nil {
		return timeline.Story{}, err
	}
	owner, err := t.state.OwnersNow(ctx, who.realm, who.user)
	if err != nil {
		return timeline.Story{}, err
	}
	told.Facts, told.Rules, told.Now = owner.Facts, owner.Rules, owner.Now.Time()
	story := timeline.Tell(told, who.asked)
	story.More = len(all) >= maxStory
	story.Pruned, err = t.state.Pruned(ctx)
	return story, err
}

// tokens puts the user's in, and gives their sessions.
func (t teller) tokens(ctx context.Context, told *timeline.Told) (sessions []string, err error) {
	stored, err := t.state.TokensNamed(ctx, told.Realm, told.User)
	for _, one := range stored {
		if one.Token.User == told.User {
			told.Tokens = append(told.Tokens, one.Token)
			sessions = append(sessions, one.Token.Session)
		}
	}
	return sessions, err
}

func (t teller) messages(ctx context.Context, realm string, names []string) ([]events.Message, error) {
	return t.state.JournalAbout(ctx, realm, names, maxStory)
}

// pardoned adds the pardons of what ms did. They name their causes only; those of a cause that was asked about are
// there already.
func (t teller) pardoned(ctx context.Context, realm string, ms []events.Message) ([]events.Message, error) {
	var causes []string
	there := map[string]bool{}
	for _, m := range ms {
		causes, there[m.ID] = append(causes, m.ID), true
		if h, ok := m.Body.(*events.Happened); ok {
			causes = append(causes, h.Event)
		}
	}
	more, err := t.messages(ctx, realm, causes)
	if err != nil {
		return nil, err
	}
	for _, m := range more {
		if m.Body.Class() == events.ClassPardon && !there[m.ID] {
			ms = append(ms, m)
		}
	}
	slices.SortStableFunc(ms, func(a, b events.Message) int { return int(a.Received - b.Received) })
	return ms, nil
}

// aboutAll is what is told of an event that concerns everybody in its realm: whom it changed is each one's own story.
func aboutAll(who found) timeline.Story {
	return timeline.Story{Realm: who.realm, Asked: who.asked, Conclusion: []timeline.Line{}, Steps: timeline.Tell(timeline.Told{
		Realm: who.realm, Messages: who.messages, Rules: tokenstate.DefaultRules(), Facts: tokenstate.NewFacts(),
	}, who.asked).Steps}
}
