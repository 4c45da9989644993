package worker

import (
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func newBatch(from Floor) Batch { return Batch{From: from, To: from, Facts: tokenstate.NewFacts()} }

func (b *Batch) count() int { return len(b.Journal) + len(b.Parked) }

// add folds e into b. What cannot be decoded is parked in the same batch: nothing is skipped.
func (b *Batch) add(s start, e Entry) {
	b.To = Floor{Stream: s.info.Name, Created: s.info.Created, Seq: e.Seq, Digest: digest(e.Raw)}
	b.bytes += len(e.Raw)
	b.start, b.entries = s, append(b.entries, e)
	m, line, err := Decode(e)
	if err != nil {
		b.Parked = append(b.Parked, Park(e, err))
		return
	}
	b.Journal = append(b.Journal, line)
	b.Facts.Add(tokenstate.Learn(m))
	switch body := m.Body.(type) {
	case *events.Order:
		if body.Order == events.OrderErase {
			b.Erase = append(b.Erase, tokenstate.Erasure{User: tokenstate.Scope{Realm: m.Realm, User: body.User}, Order: m.ID})
		}
	case *events.Heartbeat:
		b.beat(m, body)
	case *events.Mark:
		known := e.Seq <= s.info.Last && s.loss == nil && !s.told && m.Source == events.Worker
		b.restored = b.restored || known && body.Floor > s.floor.Seq
	}
}

// Decode is what an entry says, and its line for the journal. Its error is an *events.Reject.
func Decode(e Entry) (events.Message, Line, error) {
	m, err := events.Decode(e.Raw)
	if err == nil {
		m, err = events.Arrived(m, e.Subject, e.Received)
	}
	if err != nil {
		return events.Message{}, Line{}, err //nolint:wrapcheck // it says what it refuses
	}
	return m, LineOf(m, e), nil
}

// LineOf is the journal's line of m, which e said.
func LineOf(m events.Message, e Entry) Line {
	return Line{m.ID, e.Seq, e.Received, m.Realm, string(m.Body.Class()), e.Raw, m.About()}
}

// Park is what becomes of an entry that Decode refused.
func Park(e Entry, reason error) Parked {
	return Parked{e.Seq, e.Received, e.Subject, reason.Error(), e.Raw}
}

// beat keeps each one: a node that lost something says so in the difference of two.
func (b *Batch) beat(m events.Message, h *events.Heartbeat) {
	value, err := json.Marshal(h)
	if err != nil {
		panic("a heartbeat is always JSON: " + err.Error())
	}
	b.Heartbeats = append(b.Heartbeats, Heartbeat{m.Node, m.At, m.Received, value})
}
