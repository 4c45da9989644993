package postgres

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/folded"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// tagLength is how long a name is in the journal's index: 42 bits of a longer one's SHA-256. Two names may have the same, so
// that whoever finds a line by it asks the message as well.
const tagLength = 7

// tag is a name as the journal's index has it.
func tag(name string) string {
	if len(name) <= tagLength {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:6])[:tagLength]
}

// tags are names as the index has them.
func tags(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = tag(name)
	}
	return all
}

// indexed are names as the index may have them: those of older programs' lines are whole.
func indexed(names ...string) []string { return slices.Concat(names, tags(names)) }

// concerns reports whether the line r, which says m, names any of names. r is one that they have found.
func concerns(r dbsqlc.TokenstateJournal, m events.Message, names []string) bool {
	named := func(id string) bool { return slices.Contains(names, id) }
	return slices.ContainsFunc(r.About, named) || slices.ContainsFunc(m.About(), named)
}

// entryOf is a line as it came.
func entryOf(r dbsqlc.TokenstateJournal) (journal.Line, error) {
	raw, err := folded.Unfold(r.Raw)
	if err != nil {
		return journal.Line{}, fmt.Errorf("message %s of the journal: %w", r.ID, err)
	}
	return journal.Line{ID: r.ID, Seq: uint64(r.Seq), Received: tokenstate.Millis(r.ReceivedMs), Realm: r.Realm, Class: r.Class, Raw: raw}, nil
}

// entriesOf are lines as they came.
func entriesOf(rows []dbsqlc.TokenstateJournal) ([]journal.Line, error) {
	es := make([]journal.Line, len(rows))
	for i, r := range rows {
		var err error
		if es[i], err = entryOf(r); err != nil {
			return nil, err
		}
	}
	return es, nil
}

// said is what a line says, as it was learnt.
func said(r dbsqlc.TokenstateJournal) (events.Message, error) {
	e, err := entryOf(r)
	if err != nil {
		return events.Message{}, err
	}
	return messageOf(e)
}

// messageOf decodes a line.
func messageOf(e journal.Line) (events.Message, error) {
	m, err := events.Decode(e.Raw)
	if err != nil {
		return events.Message{}, fmt.Errorf("message %s of the journal: %w", e.ID, err)
	}
	m.Received = e.Received
	return m, nil
}
