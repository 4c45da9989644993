package pgsource

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// maxStory bounds the messages of one story.
const maxStory = 10_000

// Explain tells the story of a user, or of the user of a session. realm may be "" if only one
// realm knows the name. It reads what is about the user, and nothing else.
func Explain(ctx context.Context, pool *pgxpool.Pool, realm, name string) (timeline.Story, error) {
	st := state.New(pool)
	s, err := who(ctx, st, realm, name)
	if err != nil {
		return timeline.Story{}, err
	}
	stored, err := st.TokensNamed(ctx, s.Realm, s.User)
	if err != nil {
		return timeline.Story{}, err //nolint:wrapcheck // joins only
	}
	var tokens []tokenstate.Token
	names := []string{name, s.User, events.Everyone}
	for _, t := range stored {
		if t.Token.User == s.User {
			tokens = append(tokens, t.Token)
			names = append(names, t.Token.Session)
		}
	}
	all, err := messages(ctx, st, s.Realm, names)
	if err != nil {
		return timeline.Story{}, err
	}
	s.More = len(all) >= maxStory
	if s.Pruned, err = st.Pruned(ctx); err != nil {
		return timeline.Story{}, err //nolint:wrapcheck // joins only
	}
	if all, err = pardoned(ctx, st, s.Realm, all); err != nil {
		return timeline.Story{}, err
	}
	rules, err := st.Rules(ctx)
	if err != nil {
		return timeline.Story{}, err //nolint:wrapcheck // joins only
	}
	s.Steps = timeline.Of(all, s.Realm, s.User, tokens, rules)
	return s, nil
}

// who finds the user: of a stored token in the session, or of a message that names both.
func who(ctx context.Context, st *state.Store, realm, name string) (timeline.Story, error) {
	stored, err := st.TokensNamed(ctx, realm, name)
	if err != nil {
		return timeline.Story{}, err //nolint:wrapcheck // joins only
	}
	if len(stored) > 0 {
		return timeline.Story{Realm: stored[0].Token.Realm, User: stored[0].Token.User}, nil
	}
	ms, err := messages(ctx, st, realm, []string{name})
	if err != nil {
		return timeline.Story{}, err
	}
	for _, m := range ms {
		switch b := m.Body.(type) {
		case *events.Happened:
			if b.Session == name && b.User != "" {
				return timeline.Story{Realm: m.Realm, User: b.User}, nil
			}
		case *events.Order:
			if b.Session == name && b.User != "" {
				return timeline.Story{Realm: m.Realm, User: b.User}, nil
			}
		}
	}
	if len(ms) > 0 {
		return timeline.Story{Realm: ms[0].Realm, User: name}, nil
	}
	return timeline.Story{}, timeline.ErrNobody
}

func messages(ctx context.Context, st *state.Store, realm string, names []string) ([]events.Message, error) {
	es, err := st.JournalAbout(ctx, realm, names, maxStory)
	if err != nil {
		return nil, err //nolint:wrapcheck // joins only
	}
	var ms []events.Message
	for _, e := range es {
		m, err := events.Decode(e.Raw)
		if err != nil {
			return nil, fmt.Errorf("message %s of the journal: %w", e.ID, err)
		}
		m.Received = e.Received
		ms = append(ms, m)
	}
	return ms, nil
}

// pardoned adds the pardons of what ms did. They name their causes only.
func pardoned(ctx context.Context, st *state.Store, realm string, ms []events.Message) ([]events.Message, error) {
	var causes []string
	for _, m := range ms {
		causes = append(causes, m.ID)
		if h, ok := m.Body.(*events.Happened); ok {
			causes = append(causes, h.Event)
		}
	}
	more, err := messages(ctx, st, realm, causes)
	if err != nil {
		return nil, err
	}
	for _, m := range more {
		if m.Body.Class() == events.ClassPardon {
			ms = append(ms, m)
		}
	}
	slices.SortStableFunc(ms, func(a, b events.Message) int { return int(a.Received - b.Received) })
	return ms, nil
}
