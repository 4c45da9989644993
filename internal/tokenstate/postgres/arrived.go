package postgres

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// Arrival is what has become of messages.
type Arrival struct {
	Messages []events.Message // Received is 0 for an order that acts and is on its way to the log
	Version  int64            // of the feed: whoever has seen it knows what they teach
}

// Arrived finds messages of a realm by their ids.
func (s *Store) Arrived(ctx context.Context, realm string, ids ...string) (a Arrival, err error) {
	has, err := s.JournalHas(ctx, ids)
	if err != nil {
		return a, err
	}
	waiting, err := q.OutboxByID(ctx, s.pool, ids)
	if err != nil {
		return a, fmt.Errorf("read outbox: %w", err)
	}
	for _, w := range waiting {
		if _, there := has[w.ID]; !there {
			has[w.ID] = journal.Line{ID: w.ID, Raw: w.Raw}
		}
	}
	for _, id := range ids {
		e, there := has[id]
		if !there {
			continue
		}
		m, err := messageOf(e)
		if err != nil {
			return a, err
		}
		if m.Realm == realm {
			a.Messages = append(a.Messages, m)
		}
	}
	head, err := q.Head(ctx, s.pool) // after the rest: not earlier than what was found
	if err != nil {
		return a, fmt.Errorf("read the feed's version: %w", err)
	}
	a.Version = head.Version
	return a, nil
}
