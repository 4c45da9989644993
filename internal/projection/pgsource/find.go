package pgsource

import (
	"cmp"
	"context"
	"errors"
	"slices"

	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// found is whom a name leads to. user is "" for an event that concerns everybody in the realm.
type found struct {
	realm, user string
	asked       timeline.Asked
	messages    []events.Message // those of that id
}

// find asks in the order in which one is likely: a stored token's user or session, a key, a message about the name,
// a message of that id, and a user who has keys and of whom nothing was ever told.
func (t teller) find(ctx context.Context, realm, name string) (found, error) {
	for _, look := range []func(context.Context, string, string) (found, error){t.byToken, t.byKey, t.byMessage, t.byID, t.byOwner} {
		who, err := look(ctx, realm, name)
		if !errors.Is(err, timeline.ErrNobody) {
			who.asked.ID = name
			return who, err
		}
	}
	return found{}, timeline.ErrNobody
}

func (t teller) byToken(ctx context.Context, realm, name string) (found, error) {
	stored, err := t.state.TokensNamed(ctx, realm, name)
	if err != nil {
		return found{}, err
	}
	if len(stored) == 0 {
		return found{}, timeline.ErrNobody
	}
	of := stored[0].Token
	who := found{realm: of.Realm, user: of.User, asked: timeline.Asked{Kind: timeline.User}}
	if of.User != name {
		who.asked.Kind = timeline.Session
	}
	return who, nil
}

func (t teller) byKey(ctx context.Context, realm, name string) (found, error) {
	rec, known, err := t.keys.ListedKey(ctx, name)
	if err != nil {
		return found{}, err
	}
	if !known || realm != "" && rec.Realm != realm {
		return found{}, timeline.ErrNobody
	}
	return found{realm: rec.Realm, user: rec.User, asked: timeline.Asked{Kind: timeline.AKey}}, nil
}

// byMessage finds the user whom messages name, or the one of a session.
func (t teller) byMessage(ctx context.Context, realm, name string) (found, error) {
	ms, err := t.messages(ctx, realm, []string{name})
	if err != nil {
		return found{}, err
	}
	for _, m := range ms {
		if user := ownerOf(m, name); user != "" {
			return found{realm: m.Realm, user: user, asked: timeline.Asked{Kind: timeline.Session}}, nil
		}
	}
	for _, m := range ms {
		if m.Body.Class() != events.ClassPardon { // a pardon names its cause, which is no user
			return found{realm: m.Realm, user: name, asked: timeline.Asked{Kind: timeline.User}}, nil
		}
	}
	return found{}, timeline.ErrNobody
}

// ownerOf is the user of the session, as far as the message tells it.
func ownerOf(m events.Message, session string) string {
	switch b := m.Body.(type) {
	case *events.Happened:
		if b.Session == session {
			return b.User
		}
	case *events.Order:
		if b.Session == session {
			return b.User
		}
	}
	return ""
}

// byID finds an event by Keycloak's id, and any message by its own.
func (t teller) byID(ctx context.Context, realm, name string) (found, error) {
	lines, err := t.state.JournalHas(ctx, []string{name, name + "/l", name + "/b"})
	if err != nil {
		return found{}, err
	}
	who := found{asked: timeline.Asked{Kind: timeline.Event}}
	for _, e := range lines {
		m, err := events.Decode(e.Raw)
		if err != nil || realm != "" && m.Realm != realm {
			continue
		}
		m.Received = e.Received
		who.realm, who.messages = m.Realm, append(who.messages, m)
	}
	if len(who.messages) == 0 {
		return found{}, timeline.ErrNobody
	}
	slices.SortFunc(who.messages, func(a, b events.Message) int { return cmp.Compare(a.Received, b.Received) })
	about := who.messages[0].About()
	if i := slices.IndexFunc(about, func(id string) bool { return id != events.Everyone }); i >= 0 {
		of, err := t.find(ctx, who.realm, about[i])
		if err == nil {
			who.user = of.user
		}
		return who, err
	}
	return who, nil
}

func (t teller) byOwner(ctx context.Context, realm, name string) (found, error) {
	held, err := t.keys.ListedKeys(ctx, keys.ListFilter{Realm: realm, User: name, Most: 1})
	if err != nil {
		return found{}, err
	}
	if len(held) == 0 {
		return found{}, timeline.ErrNobody
	}
	return found{realm: held[0].Realm, user: name, asked: timeline.Asked{Kind: timeline.User}}, nil
}
