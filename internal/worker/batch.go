package worker

import (
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func newBatch(from journal.Floor) batch {
	return batch{Batch: journal.Batch{From: from, To: from, Facts: tokenstate.NewFacts()}}
}

func (b *batch) count() int { return len(b.Lines) + len(b.Parked) }

// add folds e into b. What cannot be decoded is parked in the same batch: nothing is skipped.
func (b *batch) add(s start, e journal.Entry) {
	b.To = journal.Floor{Stream: s.info.Name, Created: s.info.Created, Seq: e.Seq, Digest: digest(e.Raw)}
	b.bytes += len(e.Raw)
	b.start, b.entries = s, append(b.entries, e)
	m, line, err := Decode(e)
	if err != nil {
		b.Parked = append(b.Parked, Park(e, err))
		return
	}
	b.Lines = append(b.Lines, line)
	b.Facts.Learn(m)
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

// Decode is what an entry says, and its line for the journal. Its error is an *events.RejectError.
func Decode(e journal.Entry) (events.Message, journal.Line, error) {
	m, err := events.Decode(e.Raw)
	if err == nil {
		m, err = events.Arrived(m, e.Subject, e.Received)
	}
	if err != nil {
		return events.Message{}, journal.Line{}, err
	}
	return m, LineOf(m, e), nil
}

// LineOf is the journal's line of m, which e said.
func LineOf(m events.Message, e journal.Entry) journal.Line {
	return journal.Line{
		ID: m.ID, Seq: e.Seq, Received: e.Received, Realm: m.Realm, Class: string(m.Body.Class()), Raw: e.Raw, About: m.About(), At: m.At,
		Trace: e.Trace,
	}
}

// Park is what becomes of an entry that Decode refused.
func Park(e journal.Entry, reason error) journal.Parked {
	return journal.Parked{Seq: e.Seq, Received: e.Received, Subject: e.Subject, Reason: reason.Error(), Raw: e.Raw}
}

// beat keeps each one: a node that lost something says so in the difference of two.
func (b *batch) beat(m events.Message, h *events.Heartbeat) {
	value, err := json.Marshal(h)
	if err != nil {
		panic("a heartbeat is always JSON: " + err.Error())
	}
	b.Heartbeats = append(b.Heartbeats, journal.Heartbeat{Node: m.Node, At: m.At, Received: m.Received, Value: value})
}
