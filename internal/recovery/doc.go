// Package recovery rebuilds what was learnt from the log, the journal or an exported file, and
// proves that the database holds what they teach. It works beside the live worker: everything it
// writes is joined, so nothing that is learnt meanwhile is lost.
package recovery

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Item is one message of a Source, and its place there.
type Item struct {
	Position uint64
	Entry    journal.Entry // Subject is "" where the journal has accepted the message before
	Own      bool          // it is the line that the journal has
}

// Source is one reading of messages in their order of arrival. Next ends with io.EOF.
type Source interface {
	Name() string  // tells two sources apart, for going on after an interruption
	Total() uint64 // position of the last message
	Next(context.Context) (Item, error)
}

// Learnt is what one transaction of a replay writes. Position is how far Source then is.
type Learnt struct {
	Journal  []journal.Line
	Facts    tokenstate.Facts
	Parked   []journal.Parked
	Erase    []tokenstate.Erasure
	Source   string
	Position uint64
}

// State is what verdicts are made of.
type State struct {
	Facts  tokenstate.Facts
	Tokens []tokenstate.Token
	Keys   []apikey.Record
	Rules  tokenstate.Rules
}

// Store is the database that a replay writes to.
type Store interface {
	// JournalHas gives the journal's own lines of ids.
	JournalHas(ctx context.Context, ids []string) (map[string]journal.Line, error)
	Relearn(ctx context.Context, l Learnt) (changed int, err error)
	ReplayAt(ctx context.Context, source string) (uint64, error)
	EndReplay(ctx context.Context, source string) error
	State(ctx context.Context) (State, error)
}

// decode is what an item says, and its line.
func decode(e journal.Entry) (events.Message, journal.Line, error) {
	if e.Subject != "" {
		return worker.Decode(e)
	}
	m, err := events.Decode(e.Raw)
	if err != nil {
		return events.Message{}, journal.Line{}, err
	}
	m.Received = e.Received
	return m, worker.LineOf(m, e), nil
}
